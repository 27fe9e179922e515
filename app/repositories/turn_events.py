"""Events of turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Turn, TurnEvent
from app.models.types import UtcDateTime
from app.repositories.rows import every, first

_INSERT = sa.insert(TurnEvent)
_AFTER = (
    sa.select(col(TurnEvent.sequence), col(TurnEvent.data))
    .where(
        col(TurnEvent.turn_id) == sa.bindparam("turn_id"),
        col(TurnEvent.sequence) > sa.bindparam("after", type_=sa.Integer),
    )
    .order_by(col(TurnEvent.sequence))
)
_END = sa.select(col(Turn.ended_at), col(Turn.last_sequence)).where(col(Turn.id) == sa.bindparam("id_"))
_FORGET = sa.delete(TurnEvent).where(col(TurnEvent.created_at) < sa.bindparam("before", type_=UtcDateTime))


class EventRow(NamedTuple):
    """A stored event; `sequence` is the number of its last piece."""

    sequence: int
    data: dict[str, Any]


class TurnEnd(NamedTuple):
    """The time and the last event number of a turn's end; None while it runs or if it lost its process."""

    ended_at: datetime | None
    last_sequence: int | None


class TurnEventRepository:
    """Reads and writes events."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[tuple[int, int, dict[str, Any]]], now: datetime) -> None:
        """Store these events, each as (turn, number, data)."""
        if rows:
            values = [{"turn_id": turn, "sequence": at, "data": data, "created_at": now} for turn, at, data in rows]
            await self._connection.execute(_INSERT, values)

    async def after(self, turn_id: int, after: int) -> list[EventRow]:
        """Return the turn's events with a greater number, in order."""
        return await every(self._connection, _AFTER, EventRow, turn_id=turn_id, after=after)

    async def end(self, turn_id: int) -> TurnEnd | None:
        """Return the turn's end, or None for an unknown turn."""
        return await first(self._connection, _END, TurnEnd, id_=turn_id)

    async def forget(self, before: datetime) -> None:
        """Delete the events created before this time."""
        await self._connection.execute(_FORGET, {"before": before})
