"""Streaming subscriptions."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import StreamingSubscription
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, first


def today() -> date:
    """The day it is in UTC, whatever the time zone of the database."""
    return datetime.now(timezone.utc).date()


_START_DATE, _END_DATE = col(StreamingSubscription.start_date), col(StreamingSubscription.end_date)
_TODAY = sa.bindparam("today", callable_=today, type_=sa.Date)
_IS_ACTIVE = _END_DATE.is_(None) | ((_TODAY < _END_DATE) & (_START_DATE < _END_DATE))
"""It runs on, or ends later than today. What ends on the day it starts was given up before it ran."""

_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(StreamingSubscription.id),
    col(StreamingSubscription.customer_id),
    col(StreamingSubscription.plan_name),
    _START_DATE,
    _END_DATE,
    _IS_ACTIVE.label("active"),
)
_SUBSCRIPTIONS = sa.select(*_COLUMNS)
_THIS = col(StreamingSubscription.id) == sa.bindparam("id_")
_OF_CUSTOMER = col(StreamingSubscription.customer_id) == sa.bindparam("customer_id")

SUBSCRIPTIONS = PaginatedSelect(
    _SUBSCRIPTIONS,
    sorts={
        "id": SortKey(col(StreamingSubscription.id), Int),
        "start_date": SortKey(_START_DATE, date),
    },
    filters={"customer_id": _OF_CUSTOMER},
)

_ONE = _SUBSCRIPTIONS.where(_THIS, _OF_CUSTOMER)
_ACTIVE = _SUBSCRIPTIONS.where(_OF_CUSTOMER, _IS_ACTIVE).limit(1)
_INSERT = sa.insert(StreamingSubscription).returning(col(StreamingSubscription.id))
_END = sa.update(StreamingSubscription).where(_THIS)


class SubscriptionRepository:
    """Reads and writes subscriptions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, customer_id: int, subscription_id: int) -> Row | None:
        """The customer's subscription of this id, or None."""
        return await first(self._connection, _ONE, customer_id=customer_id, id_=subscription_id)

    async def find_active(self, customer_id: int) -> Row | None:
        """The customer's active subscription, or None."""
        return await first(self._connection, _ACTIVE, customer_id=customer_id)

    async def add(self, **values: object) -> int:
        """A new subscription's id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def end(self, subscription_id: int, end_date: date) -> None:
        """Let it run until this day."""
        await self._connection.execute(_END, {"id_": subscription_id, "end_date": end_date})
