"""Column types: exact on Postgres, with the same values on SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

Processor = Callable[[Any], Any]

RELEASE_YEARS = (1901, 2155)
"""Pagila's domain `year`."""
MINUTES = (1, 32767)
"""Bounds of a film's length: a positive smallint."""
_CENT = Decimal("0.01")


class Rating(str, Enum):
    """MPAA rating (Postgres enum `mpaa_rating`)."""

    G = "G"
    PG = "PG"
    PG_13 = "PG-13"
    R = "R"
    NC_17 = "NC-17"


def _needs_no_conversion(dialect: Dialect) -> bool:
    """Return whether the driver's values have the right type: that saves a Python call for each value of each row."""
    return dialect.name == "postgresql"


class Money(TypeDecorator[Decimal]):
    """Exact decimals with two places. SQLite stores a REAL, which is exact to the cent at these sizes."""

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int) -> None:
        super().__init__(precision, 2)
        self.precision = precision

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Numeric(self.precision, 2, asdecimal=False))
        return dialect.type_descriptor(sa.Numeric(self.precision, 2))

    def process_result_value(self, value: Decimal | float | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).quantize(_CENT)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        return None if _needs_no_conversion(dialect) else super().result_processor(dialect, coltype)


class UtcDateTime(TypeDecorator[datetime]):
    """timestamptz: aware in, UTC out. SQLite stores the UTC time without its offset."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Times in the database need an offset: convert to UTC first.")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        return None if _needs_no_conversion(dialect) else super().result_processor(dialect, coltype)


class _TextArray(TypeDecorator[list[str]]):
    """text[]. A decorator: SQLAlchemy 2.1 replaces subclasses of ARRAY by its own, which copies each list."""

    impl = postgresql.ARRAY(sa.Text())
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Convert nothing: asyncpg returns lists of texts."""


MPAA_RATING: TypeEngine[Any] = sa.Enum(
    Rating, name="mpaa_rating", values_callable=lambda ratings: [rating.value for rating in ratings]
)
"""Native enum on Postgres; elsewhere VARCHAR, to which the migration adds a CHECK."""

YEAR: TypeEngine[Any] = sa.Integer().with_variant(
    postgresql.DOMAIN(
        "year",
        sa.Integer(),
        constraint_name="year_check",
        check=sa.text("VALUE >= {} AND VALUE <= {}".format(*RELEASE_YEARS)),
    ),
    "postgresql",
)
"""Pagila's domain `year`."""

TEXT_LIST: TypeEngine[Any] = sa.JSON(none_as_null=True).with_variant(_TextArray(), "postgresql")
"""text[] on Postgres, JSON elsewhere."""

FULLTEXT: TypeEngine[Any] = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
"""tsvector on Postgres, filled there by a trigger."""


class JsonText(TypeDecorator[Any]):
    """JSON in a text column, in ASCII: Postgres's JSON types and UTF-8 reject some characters that models write."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(to_jsonable_python(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401  any JSON
        return None if value is None else json.loads(value)
