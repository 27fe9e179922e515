"""Payments and what is left to pay, on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from app.schemas.base import ActingStaffId, Command, Id, Money, UtcTime, absent, price
from app.schemas.pagination import PageQuery, sort_by


class PaymentRead(BaseModel):
    """A payment for a rental."""

    id: int
    customer_id: int
    staff_id: int
    rental_id: int
    amount: Money
    payment_date: UtcTime
    film_title: str | None
    """Title of the rented film."""


class PaymentQuery(PageQuery):
    """Paging of a customer's payments."""

    sort: str | None = sort_by("id", "payment_date")


class PaymentCreate(Command):
    """A new payment for one of the customer's rentals."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rental_id": 295, "staff_id": 1, "amount": 4.99}]})

    rental_id: Id
    staff_id: ActingStaffId = absent()
    amount: Annotated[Decimal, price("0.01", "999.99")]


class BalanceRead(BaseModel):
    """What a customer owes, by kind of fee."""

    customer_id: int
    rental_fees: Money
    """The film's rental rate for each rental."""
    late_fees: Money
    """1.00 for each started day late, up to the return or, for open rentals, up to now."""
    replacement_costs: Money
    """For each item that was not returned within three times its rental duration."""
    payments: Money
    balance: Money
    """All fees and costs less all payments; negative if the customer overpaid."""
    as_of: UtcTime
