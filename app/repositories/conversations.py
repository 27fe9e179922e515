"""Conversations, each owned by an account or an API key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Caller
from app.models import Conversation, Turn
from app.models.types import UtcDateTime
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Time
from app.repositories.rows import columns_of, first, one
from app.repositories.sql import has_part
from app.schemas.conversations import ConversationQuery, ConversationRead

_COLUMNS = columns_of(ConversationRead, Conversation)
_CONVERSATIONS = sa.select(*_COLUMNS)
OWNED = (col(Conversation.account_id) == sa.bindparam("account_id_", type_=sa.Integer)) | (
    col(Conversation.key_id) == sa.bindparam("key_id_", type_=sa.Integer)
)
"""Matches conversations of the caller: see `owner_of`."""
OWNER_FILTERS = {
    "account_id": col(Conversation.account_id) == sa.bindparam("account_id"),
    "key_id": col(Conversation.key_id) == sa.bindparam("key_id"),
}
"""The same for lists: see `owner_filter`."""
_THIS = (col(Conversation.id) == sa.bindparam("id_")) & OWNED
_ASKED = (
    sa.select(1)
    .where(col(Turn.conversation_id) == col(Conversation.id), has_part(col(Turn.question), "q"))
    .correlate(Conversation)
    .exists()
)

CONVERSATIONS = PaginatedSelect(
    ConversationRead,
    _CONVERSATIONS,
    sorts={"id": SortKey(col(Conversation.id), Int), "active_at": SortKey(col(Conversation.active_at), Time)},
    filters={
        **OWNER_FILTERS,
        "q": has_part(sa.func.coalesce(col(Conversation.title), ""), "q") | _ASKED,
    },
    queries=(ConversationQuery,),
)

_ONE = _CONVERSATIONS.where(_THIS)
_LOCKED = _ONE.with_for_update()
_INSERT = sa.insert(Conversation).returning(*_COLUMNS)
_RENAME = sa.update(Conversation).where(_THIS).values(title=sa.bindparam("title_")).returning(*_COLUMNS)
_TOUCH = (
    sa.update(Conversation)
    .where(_THIS)
    .values(
        active_at=sa.bindparam("now", type_=UtcDateTime),
        title=sa.func.coalesce(col(Conversation.title), sa.bindparam("title_", type_=sa.Text)),
    )
)
_DELETE = sa.delete(Conversation).where(_THIS)
_DELETE_OF_ACCOUNT = sa.delete(Conversation).where(col(Conversation.account_id) == sa.bindparam("account_id_"))
_OLD = (
    sa.select(col(Conversation.id))
    .where(col(Conversation.active_at) < sa.bindparam("before", type_=UtcDateTime))
    .order_by(col(Conversation.active_at))
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_PURGE = sa.delete(Conversation).where(col(Conversation.id).in_(_OLD))


def owner_of(caller: Caller) -> dict[str, int | None]:
    """Return the parameters of `OWNED`; an API key's conversations do not belong to its creator."""
    return {"account_id_": None if caller.key_id is not None else caller.account_id, "key_id_": caller.key_id}


def owner_filter(caller: Caller) -> dict[str, int]:
    """Return the values of `OWNER_FILTERS` for the caller."""
    return {name.removesuffix("_"): value for name, value in owner_of(caller).items() if value is not None}


class ConversationRepository:
    """Reads and writes conversations."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, conversation_id: int, caller: Caller) -> ConversationRead | None:
        """Return the caller's conversation, or None."""
        return await first(self._connection, _ONE, ConversationRead, id_=conversation_id, **owner_of(caller))

    async def lock(self, conversation_id: int, caller: Caller) -> ConversationRead | None:
        """Return the caller's conversation, locked until this transaction ends; or None."""
        return await first(self._connection, _LOCKED, ConversationRead, id_=conversation_id, **owner_of(caller))

    async def add(self, caller: Caller, title: str | None, now: datetime) -> ConversationRead:
        """Add a conversation and return it."""
        values = {**owner_filter(caller), "title": title, "created_at": now, "active_at": now}
        return await one(self._connection, _INSERT, ConversationRead, **values)

    async def rename(self, conversation_id: int, caller: Caller, title: str) -> ConversationRead | None:
        """Change the title; return the conversation, or None."""
        return await first(
            self._connection, _RENAME, ConversationRead, id_=conversation_id, **owner_of(caller), title_=title
        )

    async def touch(self, conversation_id: int, caller: Caller, title: str, now: datetime) -> bool:
        """Record activity, and lock the conversation until this transaction ends; set a missing title.

        Return whether it exists.
        """
        values = {"id_": conversation_id, **owner_of(caller), "title_": title, "now": now}
        return bool((await self._connection.execute(_TOUCH, values)).rowcount)

    async def delete(self, conversation_id: int, caller: Caller) -> bool:
        """Delete it with its turns, events and confirmations; return whether it existed."""
        done = await self._connection.execute(_DELETE, {"id_": conversation_id, **owner_of(caller)})
        return bool(done.rowcount)

    async def delete_of_account(self, account_id: int) -> int:
        """Delete all conversations of the account; return their number."""
        return (await self._connection.execute(_DELETE_OF_ACCOUNT, {"account_id_": account_id})).rowcount

    async def purge(self, before: datetime, most: int) -> int:
        """Delete at most `most` conversations without a turn since `before`, oldest first; return their number."""
        return (await self._connection.execute(_PURGE, {"before": before, "most": most})).rowcount
