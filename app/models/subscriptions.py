"""Streaming subscriptions: not part of Pagila."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.models.base import reference
from app.models.fields import Day, Id, ShortText

_RUNNING = sa.text("end_date IS NULL")


class SubscriptionFields(BaseModel):
    """A streaming subscription's own fields."""

    customer_id: Id = reference("customer.customer_id", index=True)
    plan_name: ShortText = Field(sa_type=sa.String(100))
    start_date: Day = Field(sa_type=sa.Date)
    end_date: Day | None = Field(default=None, sa_type=sa.Date)
    """The first day on which it is no longer active; null if it has no end."""


class StreamingSubscription(SubscriptionFields, SQLModel, table=True):
    """A customer's plan, active before `end_date`. A customer has at most one without an end."""

    __tablename__ = "streaming_subscription"
    __table_args__ = (
        sa.Index(
            "idx_unq_streaming_subscription_running",
            "customer_id",
            unique=True,
            postgresql_where=_RUNNING,
            sqlite_where=_RUNNING,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
