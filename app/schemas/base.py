"""Types that requests and responses are made of."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    GetPydanticSchema,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

T = TypeVar("T", bound=BaseModel)

MAX_ID = 2_147_483_647
"""Ids are Postgres integers."""
YEARS = (1900, 2199)
"""Of the times that the store deals with: far from where calendars of Python and Postgres end."""
_NOT_BLANK = r"^[^\x00]*[^\s\x00-\x1f\x85\ufeff][^\x00]*$"
"""Not only white space in any language's reading of it, and no NUL, which Postgres cannot store."""


@lru_cache
def list_adapter(model: type[T]) -> TypeAdapter[list[T]]:
    """Reads and writes lists of this model in one go."""
    return TypeAdapter(list[model])  # type: ignore[valid-type]


class Command(BaseModel):
    """The body of a request that changes something: a member that nobody knows is a mistake, not a detail."""

    model_config = ConfigDict(extra="forbid")

    @property
    def given(self) -> dict[str, Any]:
        """The members that the request has, by name."""
        return self.model_dump(exclude_unset=True)


def absent() -> Any:  # noqa: ANN401  as pydantic's Field
    """A member that may be left out without having a value then: `given` tells. Null is for its type to allow."""
    return Field(default_factory=lambda: None)


@dataclass(frozen=True)
class Matching:
    """A pattern that OpenAPI shows, and whoever misses it is told in words."""

    pattern: str
    otherwise: str

    def __get_pydantic_core_schema__(self, source: type[str], handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = re.compile(self.pattern)

        def match(text: str) -> str:
            if not pattern.search(text):
                raise PydanticCustomError("pattern", self.otherwise)
            return text

        return core_schema.no_info_after_validator_function(match, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}


FILLED = Matching(_NOT_BLANK, "must not be blank or contain NUL characters")

Text = Annotated[str, StringConstraints(min_length=1, max_length=255), FILLED, AfterValidator(str.strip)]
"""1 to 255 characters, not all of them blank; without those around it."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=100), FILLED, AfterValidator(str.strip)]
"""The same, of up to 100 characters."""

LongText = Annotated[
    str, StringConstraints(max_length=20_000), Matching(r"^[^\x00]*$", "must not contain NUL characters")
]
"""Free text, which may be empty."""


def _whole(value: object) -> object:
    """JSON has one kind of number: to JSON Schema 3.0 is an integer, to strict Python it is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Last in `Annotated[int, Field(..., strict=True), WHOLE]`: numbers that are whole, and no strings or booleans."""

Id = Annotated[int, Field(ge=1, le=MAX_ID, strict=True), WHOLE]
StaffId = Annotated[int, Field(ge=0, le=MAX_ID, strict=True), WHOLE]
"""Pagila's staff are numbered from 0."""
ActingStaffId = Annotated[
    StaffId,
    Field(
        description="The staff member who acts for the store. Staff accounts with a staff_id act as themselves: "
        "leave it unset, or send that one. API keys and other staff accounts must send one; customers must not."
    ),
]
Flag = Annotated[bool, Field(strict=True)]

Money = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "examples": [2.99]}),
]
"""Dollars: a JSON number with two decimals, exact inside."""


def _exact(value: object) -> object:
    """The decimal that a JSON number spells, which its binary float is only close to."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        raise PydanticCustomError("number", "must be a number")
    return Decimal(str(value))


def price(low: str, high: str) -> GetPydanticSchema:
    """Makes a Decimal, in Annotated, dollars and cents from `low` to `high` in a request."""
    number = {"type": "number", "minimum": float(low), "maximum": float(high), "multipleOf": 0.01}
    amount = core_schema.decimal_schema(ge=Decimal(low), le=Decimal(high), decimal_places=2)
    schema = core_schema.no_info_before_validator_function(_exact, amount)
    return GetPydanticSchema(lambda _source, _handler: schema, lambda _schema, _handler: dict(number))


UtcTime = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC, as the database's types already have it."""


def _in_utc(value: datetime) -> datetime:
    if not YEARS[0] < value.year < YEARS[1]:
        raise PydanticCustomError("rule", f"must be between {YEARS[0] + 1} and {YEARS[1] - 1}")
    return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _spelt_out(value: object) -> object:
    """Numbers are not times here, though pydantic would read them as seconds."""
    if not isinstance(value, (str, datetime)):
        raise PydanticCustomError("time", "must be a time such as 2026-01-31T18:30:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_spelt_out), AfterValidator(_in_utc)]
"""A time in a request: RFC 3339; without an offset it is UTC."""

TextList = Annotated[list[str], BeforeValidator(lambda value: value or [])]
"""An aggregate over no rows is NULL in SQL and an empty list here."""
