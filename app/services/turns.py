"""Turns of a conversation, for one request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from app.agents.events import Numbered
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import ConversationNotFound, InvalidInput, TurnCancelled, TurnNotFound, Unauthorized
from app.repositories.conversations import ConversationRepository
from app.repositories.turn_events import TurnEventRepository
from app.repositories.turns import TURNS, TurnRepository
from app.schemas.conversations import ConversationAnswer, TurnCreate, TurnQuery, TurnRead
from app.services.live_turn import Ask
from app.services.pagination import Page, page
from app.services.turn_confirmations import with_confirmations
from app.services.turn_outcomes import INTERRUPTED_AT
from app.services.turn_runner import TurnRunner

Events = AsyncGenerator[list[Numbered], None]


class TurnService:
    """Turns of the caller's conversations; other callers' turns read as not found."""

    def __init__(self, database: Database, caller: Caller, runner: TurnRunner) -> None:
        self._database = database
        self._caller = caller
        self._runner = runner

    async def begin(self, conversation_id: int, command: TurnCreate, key: str | None = None) -> int:
        """Begin a turn, or find the one with the same key; return its id.

        Raises Unauthorized, ConversationNotFound, ConversationBusy, NotConfigured, or InvalidInput for a key used with
        another question.
        """
        if self._caller.is_anonymous:
            raise Unauthorized
        return await self._runner.begin(
            Ask(conversation_id, command.question, self._caller, command.if_busy == "cancel", key)
        )

    async def ask(self, conversation_id: int, command: TurnCreate, key: str | None = None) -> TurnRead:
        """Ask and return the ended turn; raises the errors of `begin`, and the turn's own error."""
        turn, error = await self._runner.wait(await self.begin(conversation_id, command, key))
        if error is not None:
            raise error
        return turn

    async def hand_off(self, conversation_id: int, question: str) -> ConversationAnswer:
        """Return the answer within a conversation; raises the errors of `ask`, and TurnCancelled."""
        turn = await self.ask(conversation_id, TurnCreate(question=question))
        if turn.status == "cancelled":
            raise TurnCancelled(turn.id)
        return ConversationAnswer.model_validate({**dict(turn), "turn_id": turn.id})

    async def list(self, conversation_id: int, query: TurnQuery, *, counted: bool = False) -> Page[TurnRead]:
        """Return a page of the conversation's turns; raises ConversationNotFound."""
        async with self._database.reading() as connection:
            if await ConversationRepository(connection).find(conversation_id, self._caller) is None:
                raise ConversationNotFound(conversation_id)
        within = {"conversation_id": conversation_id}
        found = await page(self._database, TURNS, query, counted=counted, within=within)
        async with self._database.reading() as connection:
            return replace(found, items=await with_confirmations(connection, found.items))

    async def get(self, conversation_id: int, turn_id: int) -> TurnRead:
        """Return the turn; raises TurnNotFound."""
        async with self._database.reading() as connection:
            found = await TurnRepository(connection).find(conversation_id, turn_id, self._caller)
            if found is None:
                raise TurnNotFound(turn_id)
            return (await with_confirmations(connection, [found]))[0]

    async def cancel(self, conversation_id: int, turn_id: int) -> TurnRead:
        """Cancel the turn; an ended one does not change. Raises TurnNotFound."""
        turn = await self.get(conversation_id, turn_id)
        return await self._runner.cancel(turn.id) if turn.status == "running" else turn

    async def events(self, conversation_id: int, turn_id: int, after: str | None) -> Events | None:
        """Stream the turn's events after this one; None if the client has them all.

        Raises TurnNotFound, or InvalidInput for the id of another turn's event.
        """
        turn = await self.get(conversation_id, turn_id)
        named, _, number = (after or f"{turn_id}:0").partition(":")
        if named != str(turn_id):
            raise InvalidInput("This event is of another turn.", "after", where="query")
        seen = min(int(number), INTERRUPTED_AT)
        if turn.status != "running" and await self._has_all(turn_id, seen):
            return None
        return self._runner.events(turn_id, seen)

    def events_of(self, turn_id: int) -> Events:
        """Stream all events of a turn that `begin` returned."""
        return self._runner.events(turn_id, 0)

    async def _has_all(self, turn_id: int, number: int) -> bool:
        async with self._database.reading() as connection:
            end = await TurnEventRepository(connection).end(turn_id)
        return end is None or number >= (end.last_sequence or INTERRUPTED_AT)
