"""Turns of conversations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Caller
from app.models import Conversation, Turn
from app.models.types import JsonText, UtcDateTime
from app.repositories.conversations import OWNED, owner_of
from app.repositories.pagination import Int, PaginatedSelect, SortKey
from app.repositories.rows import columns_of, every, first
from app.schemas.conversations import TurnQuery, TurnRead

HISTORY = 30
"""Maximum number of past turns given to a model."""

_TURNS = sa.select(
    *columns_of(TurnRead, Turn, duration_ms=sa.null(), confirmations=sa.literal([], JsonText)),
    col(Turn.ended_at),
    col(Turn.lease_until),
)
"""`duration_ms` and the status of a turn that lost its process follow from the times."""
_IN_CONVERSATION = col(Turn.conversation_id) == sa.bindparam("conversation_id")
_RUNNING = col(Turn.status) == "running"
_NOW = sa.bindparam("now", type_=UtcDateTime)

TURNS = PaginatedSelect(
    TurnRead,
    _TURNS,
    sorts={"id": SortKey(col(Turn.id), Int)},
    filters={"conversation_id": _IN_CONVERSATION},
    queries=(TurnQuery,),
)

_OWNED = _TURNS.join(Conversation, col(Conversation.id) == col(Turn.conversation_id)).where(OWNED)
_ONE = _OWNED.where(_IN_CONVERSATION, col(Turn.id) == sa.bindparam("id_"))
_STATE = _TURNS.where(col(Turn.id) == sa.bindparam("id_"))
_BY_KEY = sa.select(col(Turn.id), col(Turn.fingerprint)).where(
    _IN_CONVERSATION, col(Turn.idempotency_key) == sa.bindparam("key")
)
_NOW_RUNNING = sa.select(col(Turn.id)).where(_IN_CONVERSATION, _RUNNING)
_BEGIN = {
    "postgresql": postgresql.insert(Turn).on_conflict_do_nothing().returning(col(Turn.id)),
    "sqlite": sqlite.insert(Turn).on_conflict_do_nothing().returning(col(Turn.id)),
}
_EXPIRE = (
    sa.update(Turn)
    .where(col(Turn.conversation_id) == sa.bindparam("id_"), _RUNNING, col(Turn.lease_until) <= _NOW)
    .values(status="failed", error=sa.bindparam("error_", type_=JsonText), ended_at=_NOW)
)
_END = sa.update(Turn).where(
    col(Turn.id) == sa.bindparam("id_"), _RUNNING, col(Turn.lease_until) > sa.bindparam("now", type_=UtcDateTime)
)
_ANSWERED = col(Turn.status).in_(("completed", "input_required", "confirmation_required"))
_LATEST = sa.select(sa.func.max(col(Turn.id))).where(_IN_CONVERSATION, _ANSWERED).scalar_subquery()
_HISTORY = (
    sa.select(
        col(Turn.id),
        col(Turn.question),
        col(Turn.answer),
        col(Turn.agent),
        sa.case((col(Turn.id) == _LATEST, col(Turn.calls)), else_=None).label("calls"),
    )
    .where(_IN_CONVERSATION, _ANSWERED)
    .order_by(col(Turn.id).desc())
    .limit(HISTORY)
)
_REQUEST_CANCEL = sa.update(Turn).where(col(Turn.id) == sa.bindparam("id_"), _RUNNING).values(cancel_requested=True)
_WANTED = sa.select(col(Turn.id)).where(
    col(Turn.id).in_(sa.bindparam("ids", expanding=True)), _RUNNING, col(Turn.cancel_requested).is_(False)
)


class KeyedTurn(NamedTuple):
    """A turn with an idempotency key."""

    id: int
    fingerprint: str


class PastTurnRow(NamedTuple):
    """A past turn as the model sees it."""

    id: int
    question: str
    answer: str | None
    agent: str | None
    calls: list[dict[str, Any]] | None
    """Tool calls of the latest turn; None for earlier ones."""


class TurnRepository:
    """Reads and writes turns."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, conversation_id: int, turn_id: int, caller: Caller) -> TurnRead | None:
        """Return the turn of the caller's conversation, or None."""
        return await first(
            self._connection, _ONE, TurnRead, conversation_id=conversation_id, id_=turn_id, **owner_of(caller)
        )

    async def state(self, turn_id: int) -> TurnRead | None:
        """Return the turn of any owner, or None."""
        return await first(self._connection, _STATE, TurnRead, id_=turn_id)

    async def find_by_key(self, conversation_id: int, key: str) -> KeyedTurn | None:
        """Return the turn with this idempotency key, or None."""
        return await first(self._connection, _BY_KEY, KeyedTurn, conversation_id=conversation_id, key=key)

    async def running(self, conversation_id: int) -> int | None:
        """Return the id of the running turn, or None."""
        return await self._connection.scalar(_NOW_RUNNING, {"conversation_id": conversation_id})

    async def begin(self, **values: object) -> int | None:
        """Add a turn; return its id, or None if the database has a running one or one with the same key."""
        return await self._connection.scalar(_BEGIN[self._connection.dialect.name], values)

    async def expire(self, conversation_id: int, error: dict[str, str], now: datetime) -> None:
        """Mark a turn that lost its process as failed."""
        await self._connection.execute(_EXPIRE, {"id_": conversation_id, "error_": error, "now": now})

    async def end(self, turn_id: int, now: datetime, **values: object) -> bool:
        """Store a running turn's end; return False if it is deleted, has ended or has lost its lease."""
        return bool((await self._connection.execute(_END, {"id_": turn_id, "now": now, **values})).rowcount)

    async def history(self, conversation_id: int) -> list[PastTurnRow]:
        """Return the answered turns, latest first."""
        return await every(self._connection, _HISTORY, PastTurnRow, conversation_id=conversation_id)

    async def request_cancel(self, turn_id: int) -> None:
        """Ask the process that runs the turn to cancel it."""
        await self._connection.execute(_REQUEST_CANCEL, {"id_": turn_id})

    async def wanted(self, turn_ids: Collection[int]) -> set[int]:
        """Return those of these running turns that should continue: not deleted, and without a request to cancel."""
        found = await self._connection.scalars(_WANTED, {"ids": list(turn_ids)})
        return {turn_id for turn_id in found if turn_id is not None}
