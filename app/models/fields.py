"""Types of fields with their bounds in requests. FilmFields and similar classes use them for both table and API."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    GetPydanticSchema,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MAX_ID = 2_147_483_647
"""Ids are Postgres integers."""
YEARS = (1900, 2199)
"""Exclusive bounds of times and dates, far from the ends of Python's and Postgres's calendars."""
_NOT_BLANK = r"^[^\x00]*[^\s\x00-\x1f\x85\ufeff][^\x00]*$"
"""At least one character that is not white space in any language's definition; no NUL, which Postgres cannot store."""


@dataclass(frozen=True)
class Matching:
    """A pattern, shown in OpenAPI, with the error message for texts that do not match it."""

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
"""1 to 255 characters, not blank; surrounding white space is removed."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=100), FILLED, AfterValidator(str.strip)]
"""1 to 100 characters, not blank; surrounding white space is removed."""

LongText = Annotated[
    str, StringConstraints(max_length=20_000), Matching(r"^[^\x00]*$", "must not contain NUL characters")
]
"""Free text, kept as it is; may be empty."""


def _whole(value: object) -> object:
    """Convert 1.0 to 1: an integer to JSON Schema, but not to a strict Python int."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def between(low: int, high: int) -> Any:  # noqa: ANN401  as pydantic's Field
    """Annotate an int as a whole number from `low` to `high`."""
    return Field(ge=low, le=high, strict=True)


WHOLE = BeforeValidator(_whole)
"""Last in `Annotated[int, between(1, 365), WHOLE]`: whole numbers, no strings or booleans."""

Id = Annotated[int, between(1, MAX_ID), WHOLE]
StaffId = Annotated[int, between(0, MAX_ID), WHOLE]
"""Pagila numbers its staff from 0."""
Flag = Annotated[bool, Field(strict=True)]


def _exact(value: object) -> object:
    """Convert a JSON number to the decimal that it spells; its binary float is only close to that."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        raise PydanticCustomError("number", "must be a number")
    return Decimal(str(value))


def price(low: str, high: str) -> GetPydanticSchema:
    """Annotate a Decimal as dollars and cents from `low` to `high`, a number in JSON."""
    number = {"type": "number", "minimum": float(low), "maximum": float(high), "multipleOf": 0.01}
    amount = core_schema.decimal_schema(ge=Decimal(low), le=Decimal(high), decimal_places=2)
    schema = core_schema.no_info_before_validator_function(_exact, amount)
    return GetPydanticSchema(lambda _source, _handler: schema, lambda _schema, _handler: dict(number))


def _require_year(value: date) -> None:
    if not YEARS[0] < value.year < YEARS[1]:
        raise PydanticCustomError("rule", f"must be between {YEARS[0] + 1} and {YEARS[1] - 1}")


def _in_utc(value: datetime) -> datetime:
    _require_year(value)
    return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _time_text(value: object) -> object:
    """Refuse numbers, which pydantic would read as seconds since 1970."""
    if not isinstance(value, (str, datetime)):
        raise PydanticCustomError("time", "must be a time such as 2026-01-31T18:30:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_time_text), AfterValidator(_in_utc)]
"""A time in a request: RFC 3339; without an offset it is UTC."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date_text(value: object) -> object:
    """Refuse numbers and times, which pydantic would convert."""
    if not isinstance(value, date) and (not isinstance(value, str) or not _DATE.fullmatch(value)):
        raise PydanticCustomError("date", "must be a date such as 2026-01-31")
    return value


def _in_bounds(value: date) -> date:
    _require_year(value)
    return value


Day = Annotated[date, BeforeValidator(_date_text), AfterValidator(_in_bounds)]
"""A date in a request: RFC 3339."""
