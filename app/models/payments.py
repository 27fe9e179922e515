"""Payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.models.base import reference
from app.models.fields import Id, Moment, StaffId, price
from app.models.types import Money, UtcDateTime

Amount = Annotated[Decimal, price("0.01", "999.99")]


class PaymentFields(BaseModel):
    """A payment's own fields."""

    customer_id: Id = reference("customer.customer_id", actions=False)
    staff_id: StaffId = reference("staff.staff_id", actions=False)
    rental_id: Id = reference("rental.rental_id", actions=False)
    amount: Amount = Field(sa_column=sa.Column(Money(5), nullable=False))
    payment_date: Moment = Field(sa_column=sa.Column(UtcDateTime, primary_key=True))


class Payment(PaymentFields, SQLModel, table=True):
    """Money received for a rental. Partitioned by month on Postgres, so the time is part of the key."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.Index("idx_payment_customer_id_payment_date", "customer_id", "payment_date"),
        sa.Index("idx_payment_rental_id", "rental_id"),
        {"postgresql_partition_by": "RANGE (payment_date)"},
    )

    payment_id: int | None = Field(default=None, sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=True))
