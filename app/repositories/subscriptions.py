"""Streaming subscriptions."""

from __future__ import annotations

from datetime import date, datetime, timezone

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import StreamingSubscription
from app.repositories.pagination import Int, PaginatedSelect, SortKey
from app.repositories.rows import columns_of, first
from app.schemas.subscriptions import SubscriptionQuery, SubscriptionRead


def today() -> date:
    """Return today's date in UTC, whatever the time zone of the database."""
    return datetime.now(timezone.utc).date()


_START_DATE, _END_DATE = col(StreamingSubscription.start_date), col(StreamingSubscription.end_date)
_TODAY = sa.bindparam("today", callable_=today, type_=sa.Date)
_IS_ACTIVE = _END_DATE.is_(None) | ((_TODAY < _END_DATE) & (_START_DATE < _END_DATE))
"""Without an end, or ending after today. One that ends on its first day was cancelled before it started."""

_SUBSCRIPTIONS = sa.select(*columns_of(SubscriptionRead, StreamingSubscription, active=_IS_ACTIVE))
_THIS = col(StreamingSubscription.id) == sa.bindparam("id_")
_OF_CUSTOMER = col(StreamingSubscription.customer_id) == sa.bindparam("customer_id")

SUBSCRIPTIONS = PaginatedSelect(
    SubscriptionRead,
    _SUBSCRIPTIONS,
    sorts={
        "id": SortKey(col(StreamingSubscription.id), Int),
        "start_date": SortKey(_START_DATE, date),
    },
    filters={"customer_id": _OF_CUSTOMER},
    queries=(SubscriptionQuery,),
)

_ONE = _SUBSCRIPTIONS.where(_THIS, _OF_CUSTOMER)
_ACTIVE = _SUBSCRIPTIONS.where(_OF_CUSTOMER, _IS_ACTIVE).limit(1)
_INSERT = sa.insert(StreamingSubscription).returning(col(StreamingSubscription.id))
_END = sa.update(StreamingSubscription).where(_THIS)


class SubscriptionRepository:
    """Reads and writes subscriptions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, customer_id: int, subscription_id: int) -> SubscriptionRead | None:
        """Return the customer's subscription with this id, or None."""
        return await first(self._connection, _ONE, SubscriptionRead, customer_id=customer_id, id_=subscription_id)

    async def find_active(self, customer_id: int) -> SubscriptionRead | None:
        """Return the customer's active subscription, or None."""
        return await first(self._connection, _ACTIVE, SubscriptionRead, customer_id=customer_id)

    async def add(self, **values: object) -> int:
        """Add a subscription; return its id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def end(self, subscription_id: int, end_date: date) -> None:
        """Set the end date."""
        await self._connection.execute(_END, {"id_": subscription_id, "end_date": end_date})
