"""Streaming subscriptions: ours, not Pagila's."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.base import reference

_RUNNING = sa.text("end_date IS NULL")


class StreamingSubscription(SQLModel, table=True):
    """A customer's plan; it runs until `end_date`, or on while that is empty: of those a customer has one at most."""

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
    customer_id: int = reference("customer.customer_id", index=True)
    plan_name: str = Field(sa_type=sa.String(100))
    start_date: date = Field(sa_type=sa.Date)
    end_date: date | None = Field(default=None, sa_type=sa.Date)
