"""Customers on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.schemas.base import MAX_ID, Command, Flag, Id, Text, UtcTime, absent
from app.schemas.emails import Email
from app.schemas.pagination import PageQuery, sort_by

_EXAMPLE: JsonDict = {
    "store_id": 1,
    "first_name": "Ada",
    "last_name": "Byron",
    "email": "ada@example.org",
    "address_id": 6,
}


class CustomerRead(BaseModel):
    """A customer."""

    id: int
    store_id: int
    first_name: str
    last_name: str
    email: str | None
    address_id: int
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


class CustomerCreate(Command):
    """A new customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    store_id: Id
    first_name: Text
    last_name: Text
    email: Email | None = None
    address_id: Id
    active: Flag = True


class CustomerUpdate(Command):
    """Changes to a customer; unset fields stay unchanged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org"}]})

    store_id: Id = absent()
    first_name: Text = absent()
    last_name: Text = absent()
    email: Email | None = None
    address_id: Id = absent()
    active: Flag = absent()
