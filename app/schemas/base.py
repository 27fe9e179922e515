"""Base classes and types of requests and responses. Types of fields are in app/models/fields.py."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, WithJsonSchema

from app.models.fields import (
    FILLED,
    MAX_ID,
    WHOLE,
    YEARS,
    Flag,
    Id,
    LongText,
    Matching,
    Moment,
    ShortText,
    StaffId,
    Text,
    price,
)

__all__ = [
    "FILLED",
    "MAX_ID",
    "WHOLE",
    "YEARS",
    "ActingStaffId",
    "Command",
    "Flag",
    "Id",
    "Identified",
    "LongText",
    "Matching",
    "Moment",
    "Money",
    "ShortText",
    "StaffId",
    "Text",
    "TextList",
    "UtcTime",
    "list_adapter",
    "price",
    "unset",
]

T = TypeVar("T", bound=BaseModel)


@lru_cache
def list_adapter(model: type[T]) -> TypeAdapter[list[T]]:
    """Return the reader and writer of lists of this model, which pydantic handles faster than single ones."""
    return TypeAdapter(list[model])  # type: ignore[valid-type]


class Command(BaseModel):
    """The body of a request that changes something. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    @property
    def set_fields(self) -> dict[str, Any]:
        """The fields that the request has, by name; unset fields are left out."""
        return self.model_dump(exclude_unset=True)


class Identified(BaseModel):
    """A record with an id."""

    id: int


def unset() -> Any:  # noqa: ANN401  as pydantic's Field
    """Return the default of a field that may be unset. Whether it may be null, its type says."""
    return Field(default_factory=lambda: None)


ActingStaffId = Annotated[
    StaffId,
    Field(
        description="The staff member who acts for the store. Staff accounts with a staff_id act as themselves: "
        "leave it unset, or send that one. API keys and other staff accounts must send one; customers must not."
    ),
]

Money = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "examples": [2.99]}),
]
"""Dollars: a JSON number with two decimals, exact inside."""

UtcTime = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC, as the database's types already have it."""

TextList = Annotated[list[str], BeforeValidator(lambda value: value or [])]
"""A list of texts; NULL, as an aggregate over no rows is, becomes an empty list."""
