"""Requests and responses about rentals."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.models.late_fees import LATE_FEE_RULE, LOST_RULE
from app.models.rentals import RentalFields
from app.schemas.base import MAX_ID, ActingStaffId, Command, Id, Identified, Moment, Money, StaffId, UtcTime, unset
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class RentalRead(RentalFields, Identified):
    """A rental; open while `return_date` is null."""

    film_id: int
    film_title: str
    due_date: UtcTime
    is_overdue: bool
    """Open and past due, or returned late."""
    last_update: UtcTime


class CustomerRentalQuery(PageQuery):
    """Filters of a customer's rentals."""

    sort: str | None = sort_by("id", "rental_date")
    film_id: int | None = Field(None, ge=1, le=MAX_ID)
    inventory_id: int | None = Field(None, ge=1, le=MAX_ID)
    active_only: bool | None = Field(None, description="Whether to list open rentals only.")
    overdue: bool | None = Field(None, description="Whether the rental is open and past due, or was returned late.")


class RentalQuery(CustomerRentalQuery):
    """Filters of the rental list."""

    customer_id: int | None = Field(None, ge=1, le=MAX_ID)


class CustomerRentalCreate(Command):
    """A new rental for the customer of the path; `rental_date` defaults to now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inventory_id": 1, "staff_id": 1}]})

    inventory_id: Id
    staff_id: ActingStaffId = unset()
    rental_date: Moment | None = None


class RentalCreate(CustomerRentalCreate):
    """A new rental; `rental_date` defaults to now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inventory_id": 2, "customer_id": 1, "staff_id": 1}]})

    customer_id: Id


class RentalUpdate(Command):
    """A correction: a time closes the rental, null opens it again. No fee is charged."""

    return_date: Moment | None = Field(examples=[None])


class ReturnCreate(Command):
    """A return. `return_date` defaults to now, `staff_id` to the caller's or else to that of the rental.

    Only staff may set them.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"staff_id": 1}]})

    return_date: Moment | None = None
    staff_id: StaffId | None = None


class ReturnRead(BaseModel):
    """The fees of a return."""

    return_date: UtcTime
    days_late: int
    """Days after the due date; a started day counts."""
    late_fee: Money = Field(
        description=f"{LATE_FEE_RULE}. Booked as paid when staff return the item; owed when the customer does."
    )
    payment_id: int | None
    """The payment of the late fee; the first of several if the fee exceeds the largest payment (999.99).

    Null without a fee, and when customers return their own rentals.
    """
    replacement_cost: Money = Field(
        description=f"Added to the customer's balance if the item was out for more than {LOST_RULE}."
    )
