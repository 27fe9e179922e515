"""Payments."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.base import reference
from app.models.types import Money, UtcDateTime


class Payment(SQLModel, table=True):
    """Money received for a rental. Partitioned by month on Postgres, so the time is part of the key."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.Index("idx_payment_customer_id_payment_date", "customer_id", "payment_date"),
        sa.Index("idx_payment_rental_id", "rental_id"),
        {"postgresql_partition_by": "RANGE (payment_date)"},
    )

    payment_date: datetime = Field(sa_column=sa.Column(UtcDateTime, primary_key=True))
    payment_id: int | None = Field(default=None, sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=True))
    customer_id: int = reference("customer.customer_id", actions=False)
    staff_id: int = reference("staff.staff_id", actions=False)
    rental_id: int = reference("rental.rental_id", actions=False)
    amount: Decimal = Field(sa_column=sa.Column(Money(5), nullable=False))
