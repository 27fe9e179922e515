"""Rentals on the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.base import MAX_ID, ActingStaffId, Command, Id, Moment, Money, StaffId, UtcTime, absent
from app.schemas.paging import PageQuery, sort_by


class RentalRead(BaseModel):
    """A disc that is, or was, with a customer."""

    id: int
    rental_date: UtcTime
    inventory_id: int
    customer_id: int
    staff_id: int
    return_date: UtcTime | None
    """Empty while the rental is open."""
    film_id: int
    film_title: str
    due_date: UtcTime
    is_overdue: bool
    """Open and past due, or returned after it was due."""
    last_update: UtcTime


class CustomerRentalQuery(PageQuery):
    """Which of a customer's rentals."""

    sort: str | None = sort_by("id", "rental_date")
    film_id: int | None = Field(None, ge=1, le=MAX_ID)
    inventory_id: int | None = Field(None, ge=1, le=MAX_ID)
    active_only: bool | None = Field(None, description="Whether to leave out what has been returned.")
    overdue: bool | None = Field(None, description="Open and past due, or returned after it was due.")


class RentalQuery(CustomerRentalQuery):
    """Which rentals."""

    customer_id: int | None = Field(None, ge=1, le=MAX_ID)


class CustomerRentalCreate(Command):
    """A customer takes a disc; from now unless `rental_date` says otherwise."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inventory_id": 1, "staff_id": 1}]})

    inventory_id: Id
    staff_id: ActingStaffId = absent()
    rental_date: Moment | None = None


class RentalCreate(CustomerRentalCreate):
    """A disc goes to a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inventory_id": 2, "customer_id": 1, "staff_id": 1}]})

    customer_id: Id


class RentalUpdate(Command):
    """A correction: the rental is closed at this time, or open again. No fee is charged for it."""

    return_date: Moment | None = Field(examples=[None])


class ReturnCreate(Command):
    """A disc comes back: now, to the caller's own staff_id or else to the one that it was rented by.

    Only the store's staff may say otherwise.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"staff_id": 1}]})

    return_date: Moment | None = None
    staff_id: StaffId | None = None


class ReturnRead(BaseModel):
    """What a return cost."""

    return_date: UtcTime
    days_late: int
    """Started days after the due date."""
    late_fee: Money
    """1.00 for each day late. Staff book it as paid with the return; a customer's own return leaves it owed."""
    payment_id: int | None
    """Of the late fee, the first of several where it exceeds the largest payment (999.99).

    Null without a fee, and after a customer's own return.
    """
    replacement_cost: Money
    """Owed besides, and left on the customer's balance, when three times the rental duration had passed."""
