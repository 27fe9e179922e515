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
    """Return the adapter for lists of this model: pydantic validates and serialises lists faster than single models."""
    return TypeAdapter(list[model])  # type: ignore[valid-type]


class Command(BaseModel):
    """The body of a request that changes something. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    @property
    def set_fields(self) -> dict[str, Any]:
        """Return the fields of the request by name, without unset ones."""
        return self.model_dump(exclude_unset=True)


class Identified(BaseModel):
    """A record with an id."""

    id: int


def unset() -> Any:  # noqa: ANN401  as pydantic's Field
    """Return the default of a field that may be unset. Its type determines whether it may be null."""
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
"""Dollars: a JSON number with two decimals, a Decimal in Python."""

UtcTime = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time in UTC (RFC 3339). The database types return UTC, so it is not converted."""

TextList = Annotated[list[str], BeforeValidator(lambda value: value or [])]
"""A list of texts. NULL, the aggregate of no rows, becomes an empty list."""
