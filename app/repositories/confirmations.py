"""Confirmations: proposed actions, their owner's decisions and the outcomes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Caller
from app.models import Confirmation, Conversation, Turn
from app.models.types import UtcDateTime
from app.repositories.conversations import OWNED, OWNER_FILTERS, owner_of
from app.repositories.pagination import Int, PaginatedSelect, SortKey
from app.repositories.rows import columns_of, every, every_model, first
from app.schemas.conversations import ConfirmationQuery, ConfirmationRead

_NOW = sa.bindparam("now", type_=UtcDateTime)
_PENDING = col(Confirmation.status) == "pending"
_IS_EXPIRED = _PENDING & (col(Confirmation.expires_at) <= sa.func.now())
_STATUS = sa.case((_IS_EXPIRED, "expired"), else_=col(Confirmation.status))
_CONFIRMATIONS = sa.select(*columns_of(ConfirmationRead, Confirmation, status=_STATUS))
_OWNED = _CONFIRMATIONS.join(Conversation, col(Conversation.id) == col(Confirmation.conversation_id))

CONFIRMATIONS = PaginatedSelect(
    ConfirmationRead,
    _OWNED,
    sorts={"id": SortKey(col(Confirmation.id), Int)},
    filters={
        **OWNER_FILTERS,
        "status": sa.bindparam("status", type_=sa.Text) == _STATUS,
    },
    queries=(ConfirmationQuery,),
)

_THIS = col(Confirmation.id) == sa.bindparam("id_")
_ONE = _OWNED.where(OWNED, _THIS)
_OF_TURNS = _CONFIRMATIONS.where(col(Confirmation.turn_id).in_(sa.bindparam("turn_ids", expanding=True))).order_by(
    col(Confirmation.id)
)
_INSERT = sa.insert(Confirmation)
_CLAIM = (
    sa.update(Confirmation)
    .where(
        _THIS,
        _PENDING,
        col(Confirmation.expires_at) > _NOW,
        col(Confirmation.conversation_id).in_(sa.select(col(Conversation.id)).where(OWNED)),
    )
    .values(status=sa.bindparam("status_"), decided_at=_NOW)
    .returning(col(Confirmation.action), col(Confirmation.arguments), col(Confirmation.preconditions))
)
_CLOSE = sa.update(Confirmation).where(_THIS)
_SUPERSEDE = (
    sa.update(Confirmation)
    .where(col(Confirmation.conversation_id) == sa.bindparam("id_"), _PENDING)
    .values(status="superseded", decided_at=_NOW)
)
_FACTS = (
    sa.select(col(Confirmation.turn_id), col(Confirmation.outcome))
    .join(Turn, col(Turn.id) == col(Confirmation.turn_id))
    .where(
        col(Confirmation.conversation_id) == sa.bindparam("conversation_id"),
        col(Confirmation.turn_id) >= sa.bindparam("first_turn", type_=sa.Integer),
        col(Confirmation.outcome).is_not(None),
    )
    .order_by(col(Confirmation.id))
)


class ClaimedAction(NamedTuple):
    """An action that this transaction has claimed for its decision."""

    action: str
    arguments: dict[str, Any]
    preconditions: dict[str, Any]


class Fact(NamedTuple):
    """The outcome of an action that a turn proposed."""

    turn_id: int
    outcome: str


class ConfirmationRepository:
    """Reads and writes confirmations."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, confirmation_id: int, caller: Caller) -> ConfirmationRead | None:
        """Return the caller's confirmation, or None."""
        return await first(self._connection, _ONE, ConfirmationRead, id_=confirmation_id, **owner_of(caller))

    async def of_turns(self, turn_ids: Collection[int]) -> list[ConfirmationRead]:
        """Return the confirmations of these turns, in order."""
        return await every_model(self._connection, _OF_TURNS, ConfirmationRead, turn_ids=list(turn_ids))

    async def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add pending confirmations."""
        await self._connection.execute(_INSERT, list(rows))

    async def claim(self, confirmation_id: int, caller: Caller, status: str, now: datetime) -> ClaimedAction | None:
        """Set the status of the caller's confirmation if it is pending and unexpired; None otherwise."""
        values = {"id_": confirmation_id, "status_": status, "now": now, **owner_of(caller)}
        return await first(self._connection, _CLAIM, ClaimedAction, **values)

    async def close(self, confirmation_id: int, **values: object) -> None:
        """Store the outcome."""
        await self._connection.execute(_CLOSE, {"id_": confirmation_id, **values})

    async def supersede(self, conversation_id: int, now: datetime) -> None:
        """Close the conversation's pending confirmations."""
        await self._connection.execute(_SUPERSEDE, {"id_": conversation_id, "now": now})

    async def facts(self, conversation_id: int, first_turn: int) -> list[Fact]:
        """Return the outcomes of decided actions that were proposed since this turn."""
        return await every(self._connection, _FACTS, Fact, conversation_id=conversation_id, first_turn=first_turn)
