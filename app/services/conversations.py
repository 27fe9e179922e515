"""Conversations: ownership, titles and deletion."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import ConversationNotFound
from app.core.settings import Settings
from app.repositories.conversations import CONVERSATIONS, ConversationRepository, owner_filter
from app.schemas.conversations import (
    ConversationCreate,
    ConversationQuery,
    ConversationRead,
    ConversationUpdate,
)
from app.schemas.etags import EntityTags
from app.services.idempotency import Once
from app.services.pagination import Page, page
from app.services.turn_events import forget_events
from app.services.turn_runner import TurnRunner

_IN_PASSING = 20
"""Maximum number of old conversations deleted when a new one is created."""
_BATCH = 500


class ConversationService:
    """The caller's conversations, for one request; other callers' conversations read as not found."""

    def __init__(self, database: Database, caller: Caller, runner: TurnRunner, *, days: int) -> None:
        self._database = database
        self._caller = caller
        self._runner = runner
        self._days = days

    async def create(self, command: ConversationCreate, once: Once) -> ConversationRead:
        """Create a conversation; delete some expired ones."""
        now = datetime.now(timezone.utc)

        async def add(connection: AsyncConnection) -> ConversationRead:
            conversations = ConversationRepository(connection)
            await conversations.purge(now - timedelta(days=self._days), _IN_PASSING)
            return await conversations.add(self._caller, command.title, now)

        async def work(connection: AsyncConnection) -> ConversationRead:
            return await once.act(connection, command, ConversationRead, lambda: add(connection))

        return await self._database.transaction(work)

    async def list(self, query: ConversationQuery, *, counted: bool = False) -> Page[ConversationRead]:
        """Return a page of the caller's conversations, latest activity first."""
        return await page(self._database, CONVERSATIONS, query, counted=counted, within=owner_filter(self._caller))

    async def get(self, conversation_id: int) -> ConversationRead:
        """Return the conversation; raises ConversationNotFound."""
        async with self._database.reading() as connection:
            return _found(conversation_id, await ConversationRepository(connection).find(conversation_id, self._caller))

    async def rename(self, conversation_id: int, command: ConversationUpdate, if_match: EntityTags) -> ConversationRead:
        """Change the title; raises ConversationNotFound, PreconditionFailed."""

        async def work(connection: AsyncConnection) -> ConversationRead:
            conversations = ConversationRepository(connection)
            if_match.require(_found(conversation_id, await conversations.lock(conversation_id, self._caller)))
            return _found(conversation_id, await conversations.rename(conversation_id, self._caller, command.title))

        return await self._database.transaction(work)

    async def delete(self, conversation_id: int, if_match: EntityTags) -> None:
        """Delete the conversation and cancel its running turn; raises ConversationNotFound, PreconditionFailed."""

        async def work(connection: AsyncConnection) -> None:
            conversations = ConversationRepository(connection)
            if_match.require(_found(conversation_id, await conversations.lock(conversation_id, self._caller)))
            await conversations.delete(conversation_id, self._caller)

        await self._database.transaction(work)
        self._runner.drop(conversation_id)
        audit("record_deleted", kind="conversation", id=conversation_id)


async def purge(settings: Settings, database: Database) -> int:
    """Delete old events, and conversations without a turn for CONVERSATION_DAYS; return the number of the latter."""
    before, deleted = datetime.now(timezone.utc) - timedelta(days=settings.conversation_days), 0

    async def work(connection: AsyncConnection) -> int:
        return await ConversationRepository(connection).purge(before, _BATCH)

    while batch := await database.transaction(work):
        deleted += batch
    await forget_events(database, timedelta(days=1))
    return deleted


def _found(conversation_id: int, conversation: ConversationRead | None) -> ConversationRead:
    if conversation is None:
        raise ConversationNotFound(conversation_id)
    return conversation
