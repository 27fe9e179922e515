"""Turns that this process runs, each in its own task, which continues when its client disconnects.

The database allows one running turn per conversation. A turn's end is written in one transaction; a turn whose
process died reads as failed once its lease has expired.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.agents.events import Event, EventLog, Numbered
from app.agents.record import TurnRecord, TurnRequest
from app.core.database.engine import Database, is_unreachable
from app.core.errors import ConversationBusy, Interrupted, TurnNotFound, Unavailable
from app.core.settings import Settings
from app.repositories.turns import TurnRepository
from app.schemas.conversations import INTERRUPTED, TurnError, TurnRead
from app.services.ai import AssistantLoader
from app.services.live_turn import Ask, LiveTurn
from app.services.proposals import ProposalDesk
from app.services.turn_confirmations import whole_turn
from app.services.turn_errors import error_of
from app.services.turn_events import TurnEvents
from app.services.turn_outcomes import terminal_of
from app.services.turn_store import Ending, beginning, ending
from plugins.rental_desk.proposer import current_proposer

if TYPE_CHECKING:
    from app.agents.assistant import Assistant

T = TypeVar("T")

log = structlog.get_logger("app.services")

_LEASE = 15.0
"""Seconds that a turn's lease lasts beyond its deadline."""
_TICK = 0.1
"""Seconds between two writes of events; text that arrives in between is stored together."""
_LOOK = 0.5
"""Seconds between two checks for turns that another process has asked to cancel."""
_POLL = 0.1
"""Seconds between two polls of a turn that another process runs."""
_STORE_PATIENCE = 10.0
"""Seconds to try to store a turn's end: less than the lease lasts beyond the deadline."""
_PATIENCE = 5.0
"""Seconds to wait for a cancelled turn to end."""


class Guard(Protocol):
    """Runs work; ends it with Unavailable when the process shuts down."""

    def __call__(self, work: Awaitable[T], /) -> Awaitable[T]: ...


class TurnRunner:
    """Begins, runs and cancels the turns of one process."""

    def __init__(self, settings: Settings, database: Database, loader: AssistantLoader, guard: Guard) -> None:
        self._database = database
        self._loader = loader
        self._guard = guard
        self._max_open_rentals = settings.max_open_rentals
        self._lease = timedelta(seconds=settings.ai_timeout_seconds + _LEASE)
        self._events = TurnEvents(database, self._lease)
        self._live: dict[int, LiveTurn] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watching: asyncio.Task[None] | None = None

    async def begin(self, ask: Ask) -> int:
        """Begin a turn, or find the one with the same key; return its id.

        Raises NotConfigured, ConversationNotFound, ConversationBusy, or InvalidInput for a key of another question.
        """
        # Shielded: a turn in the database must run, even if its request is cancelled.
        return await asyncio.shield(self._keep(self._begin(ask)))

    async def wait(self, turn_id: int) -> tuple[TurnRead, Exception | None]:
        """Wait for the turn's end; return the turn and its error, if any. Raises TurnNotFound."""
        if live := self._live.get(turn_id):
            turn = await asyncio.shield(live.done)
            return turn, live.error
        turn = await self._ended(turn_id)
        return turn, error_of(turn)

    def events(self, turn_id: int, after: int) -> AsyncGenerator[list[Numbered], None]:
        """Stream the turn's events after this number, up to the terminal one."""
        live = self._live.get(turn_id)
        return live.log.since(after) if live is not None else self._events.since(turn_id, after)

    async def cancel(self, turn_id: int) -> TurnRead:
        """Cancel the turn, in any process; return it once it has ended, or unfinished after 5 seconds."""
        if live := self._live.get(turn_id):
            live.cancel()
            return await asyncio.shield(live.done)

        async def work(connection: AsyncConnection) -> None:
            await TurnRepository(connection).request_cancel(turn_id)

        await self._database.transaction(work)
        return await self._ended(turn_id, patience=_PATIENCE)

    def drop(self, conversation_id: int) -> None:
        """Cancel the turn of a deleted conversation."""
        for live in list(self._live.values()):
            if live.ask.conversation_id == conversation_id:
                live.cancel()

    async def stop(self) -> None:
        """Cancel all turns and wait until their ends are written."""
        for live in list(self._live.values()):
            live.is_stopping = True
            live.cancel()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _begin(self, ask: Ask) -> int:
        assistant = await self._loader.get()
        give_up = time.monotonic() + _PATIENCE
        while True:
            started_at = datetime.now(timezone.utc)
            try:
                turn_id, request = await self._database.transaction(beginning(ask, started_at, self._lease))
            except ConversationBusy as busy:
                if time.monotonic() > give_up or not (ask.cancel_running or busy.turn_id is None):
                    raise
                if busy.turn_id is not None:
                    await self.cancel(busy.turn_id)
                continue
            if request is not None:
                self._run(assistant, turn_id, ask, started_at, request)
            return turn_id

    def _run(self, assistant: Assistant, turn_id: int, ask: Ask, started_at: datetime, request: TurnRequest) -> None:
        request.record.log = events = EventLog(str(ask.conversation_id), str(turn_id))
        events.start()
        work = asyncio.ensure_future(self._guard(self._answer(assistant, request)))
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        self._live[turn_id] = live = LiveTurn(turn_id, ask, started_at, work, request.record, events, request_id)
        self._keep(self._finish(live))
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    async def _answer(self, assistant: Assistant, request: TurnRequest) -> TurnRecord:
        """Let the agents answer and propose changes; run in its own task, so that `current_proposer` is local."""
        current_proposer.set(
            ProposalDesk(self._database, request.caller, request.record, max_open=self._max_open_rentals)
        )
        record = await assistant.run(request)
        if record.proposals and record.status == "completed":
            record.status = "confirmation_required"
        return record

    async def _finish(self, live: LiveTurn) -> None:
        """Wait for the turn's end and store it."""
        status = await live.outcome()
        ended_at = datetime.now(timezone.utc)
        turn = live.read(status, ended_at)
        live.log.close()
        await self._events.written()
        stored = await self._store(live, ending(live, turn, ended_at, live.unwritten()))
        if stored is None:
            turn, live.error = await self._lost(live, turn)
            stored = turn, terminal_of(turn, live.request_id)
        turn, terminal = stored
        live.log.end(terminal)
        del self._live[live.id]
        live.done.set_result(turn)

    async def _store(self, live: LiveTurn, work: Ending) -> tuple[TurnRead, Event] | None:
        """Store the turn's end. While the database is unavailable, try again for some seconds of the lease.

        Return None if the turn was deleted, has lost its lease or could not be stored.
        """
        give_up = time.monotonic() + _STORE_PATIENCE
        while True:
            try:
                return await self._database.transaction(work)
            except Exception as error:
                is_temporary = isinstance(error, Unavailable) or is_unreachable(error)
                if not is_temporary or live.is_stopping or time.monotonic() > give_up:
                    log.exception("turn_not_stored", turn_id=live.id)
                    return None
            await asyncio.sleep(_POLL)

    async def _lost(self, live: LiveTurn, turn: TurnRead) -> tuple[TurnRead, Exception]:
        """Return the turn and error to report when the end was not stored: turn deleted or interrupted."""
        with suppress(Exception):
            async with self._database.reading() as connection:
                if await TurnRepository(connection).state(live.id) is None:
                    return turn, TurnNotFound(live.id)
        error = TurnError.model_validate(INTERRUPTED)
        return turn.model_copy(update={"status": "failed", "answer": None, "error": error}), Interrupted()

    async def _watch(self) -> None:
        """While turns run, store their events and cancel those that were deleted or asked to be cancelled."""
        looked = time.monotonic()
        while self._live:
            await asyncio.sleep(_TICK)
            try:
                await self._events.write(list(self._live.values()))
                if time.monotonic() - looked > _LOOK:
                    looked = time.monotonic()
                    await self._cancel_unwanted()
                    await self._events.forget()
            except Exception:
                log.exception("turns_not_watched")

    async def _cancel_unwanted(self) -> None:
        running = list(self._live.values())
        if running:
            async with self._database.reading() as connection:
                wanted = await TurnRepository(connection).wanted([live.id for live in running])
            for live in running:
                if live.id not in wanted:
                    live.cancel()

    async def _ended(self, turn_id: int, *, patience: float = math.inf) -> TurnRead:
        """Wait until another process has ended the turn, at most `patience` seconds; return the turn.

        A turn that lost its process ends with its lease. Raises TurnNotFound.
        """
        give_up = time.monotonic() + patience
        while True:
            async with self._database.reading() as connection:
                turn = await whole_turn(connection, turn_id)
            if turn is None:
                raise TurnNotFound(turn_id)
            if turn.status != "running" or time.monotonic() > give_up:
                return turn
            await asyncio.sleep(_POLL)
