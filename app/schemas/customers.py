"""Requests and responses about customers."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.models.customers import CustomerFields
from app.schemas.base import MAX_ID, Command, Flag, Identified, Text, UtcTime
from app.schemas.derived import read_model, update_model
from app.schemas.pagination import PageQuery, sort_by

_EXAMPLE: JsonDict = {
    "store_id": 1,
    "first_name": "Ada",
    "last_name": "Byron",
    "email": "ada@example.org",
    "address_id": 6,
}


@read_model
class CustomerRead(CustomerFields, Identified):
    """A customer."""

    active: bool
    """Whether the customer may rent."""
    create_date: date
    last_update: UtcTime | None


class CustomerQuery(PageQuery):
    """Filters of the customer list; all given filters must match."""

    sort: str | None = sort_by("id", "last_name", "first_name", "create_date")
    search: Text | None = Field(
        None, description="Part of first name, last name and e-mail address joined by spaces, ignoring case."
    )
    active: bool | None = None
    store_id: int | None = Field(None, ge=1, le=MAX_ID)


class CustomerCreate(CustomerFields, Command):
    """A new customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    active: Flag = True


@update_model
class CustomerUpdate(CustomerCreate):
    """Changes to a customer; unset fields stay unchanged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org"}]})
