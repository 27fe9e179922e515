"""Events of turns in the database: written in batches while turns run, readable by every worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from datetime import datetime, timedelta, timezone

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.agents.events import TERMINAL, Event, Numbered, unread
from app.core.database.engine import Database
from app.repositories.turn_events import TurnEventRepository
from app.schemas.conversations import TurnRead
from app.services.live_turn import LiveTurn
from app.services.turn_confirmations import whole_turn
from app.services.turn_outcomes import INTERRUPTED_AT, terminal_of

log = structlog.get_logger("app.services")

KEPT = timedelta(minutes=5)
"""How long the events of a turn are kept after its end."""
_POLL = 0.1
"""Seconds between two polls for events of a turn that another process runs."""
_TIDY = 60.0
"""Seconds between two deletions of old events."""


class TurnEvents:
    """Writes, reads and deletes stored events, for one process."""

    def __init__(self, database: Database, longest_turn: timedelta) -> None:
        self._database = database
        self._kept = longest_turn + KEPT
        self._writing = asyncio.Lock()
        self._tidied = time.monotonic()

    async def write(self, turns: Iterable[LiveTurn]) -> None:
        """Store the new events of these running turns, in one statement."""
        async with self._writing:
            rows = {live: live.unwritten() for live in turns}
            if not any(rows.values()):
                return
            try:
                await self._add([row for new in rows.values() for row in new])
            except Exception:
                # One of the turns may have been deleted.
                for live, new in rows.items():
                    await self._add_apart(live, new)

    async def written(self) -> None:
        """Wait for the running write, if any."""
        async with self._writing:
            return

    async def forget(self) -> None:
        """Delete old events, once a minute."""
        if time.monotonic() - self._tidied > _TIDY:
            self._tidied = time.monotonic()
            await forget_events(self._database, self._kept)

    async def since(self, turn_id: int, number: int) -> AsyncGenerator[list[Numbered], None]:
        """Yield the events after this number, up to the terminal one; nothing for a deleted turn.

        Once KEPT has passed since the turn's end, yield its messages and the terminal event.
        """
        while True:
            async with self._database.reading() as connection:
                # Read the turn first: if it has ended, all its events are stored.
                turn = await whole_turn(connection, turn_id)
                end = await TurnEventRepository(connection).end(turn_id)
                rows = await TurnEventRepository(connection).after(turn_id, number)
            if turn is None or end is None:
                return
            if is_forgotten := end.ended_at is not None and end.ended_at + KEPT < datetime.now(timezone.utc):
                rows = []
            if rows:
                yield [(row.sequence, unread(row.sequence, row.data, number)) for row in rows]
                number = rows[-1].sequence
                if rows[-1].data["type"] in TERMINAL:
                    return
            if turn.status != "running":
                last = end.last_sequence or INTERRUPTED_AT
                snapshot = [(number, _snapshot(turn))] if is_forgotten else []
                yield [*snapshot, (last, terminal_of(turn))]
                return
            await asyncio.sleep(_POLL)

    async def _add(self, rows: list[tuple[int, int, Event]]) -> None:
        now = datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> None:
            await TurnEventRepository(connection).add(rows, now)

        await self._database.transaction(work)

    async def _add_apart(self, live: LiveTurn, rows: list[tuple[int, int, Event]]) -> None:
        try:
            await self._add(rows)
        except Exception as error:
            log.warning("turn_events_not_stored", turn_id=live.id, error=type(error).__name__)


async def forget_events(database: Database, age: timedelta) -> None:
    """Delete the events that are older than `age`."""
    before = datetime.now(timezone.utc) - age

    async def work(connection: AsyncConnection) -> None:
        await TurnEventRepository(connection).forget(before)

    await database.transaction(work)


def _snapshot(turn: TurnRead) -> Event:
    messages = [{"id": f"{turn.id}-question", "role": "user", "content": turn.question}]
    if turn.answer:
        messages.append({"id": f"{turn.id}-answer", "role": "assistant", "content": turn.answer})
    return {"type": "MESSAGES_SNAPSHOT", "messages": messages}
