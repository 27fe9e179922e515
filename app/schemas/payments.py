"""Requests and responses about payments and balances."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.models.late_fees import LATE_FEE_RULE, LOST_RULE
from app.models.payments import Amount, PaymentFields
from app.schemas.base import ActingStaffId, Command, Id, Identified, Money, UtcTime, unset
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class PaymentRead(PaymentFields, Identified):
    """A payment for a rental."""

    film_title: str | None
    """Title of the rented film."""


class PaymentQuery(PageQuery):
    """Pagination of a customer's payments."""

    sort: str | None = sort_by("id", "payment_date")


class PaymentCreate(Command):
    """A new payment for one of the customer's rentals."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rental_id": 295, "staff_id": 1, "amount": 4.99}]})

    rental_id: Id
    staff_id: ActingStaffId = unset()
    amount: Amount


class BalanceRead(BaseModel):
    """What a customer owes, by kind of fee."""

    customer_id: int
    rental_fees: Money
    """The film's rental rate for each rental."""
    late_fees: Money = Field(description=f"{LATE_FEE_RULE}, up to the return or, for open rentals, up to now.")
    replacement_costs: Money = Field(description=f"For each item that was not returned within {LOST_RULE}.")
    payments: Money
    balance: Money
    """All fees and costs less all payments; negative if the customer overpaid."""
    as_of: UtcTime
