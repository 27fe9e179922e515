"""When a rental is due and what lateness costs: Pagila's rules, once, for queries that join Rental, Inventory and Film.

A day is 24 hours here, so that no server's time zone with its summer time changes what somebody owes.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel import col

from app.models import Film, Rental
from app.models.types import UtcDateTime

LATE_FEE_PER_DAY = Decimal("1.00")
"""For every day late that has started."""
_LOST_AFTER = 3
"""Times the rental duration: what is not back by then is paid for."""


class days_after(GenericFunction[datetime]):  # noqa: N801  named as SQL functions are
    """A time, and how many days later."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(days_after)
def _days_after_in_text(element: days_after, compiler: SQLCompiler, **kw: Any) -> str:
    # SQLite calculates in milliseconds: the time of day is kept as it is written, to the microsecond.
    time, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(date({time}, ({days}) || ' days') || substr({time}, 11))"


@compiles(days_after, "postgresql")
def _days_after_as_interval(element: days_after, compiler: SQLCompiler, **kw: Any) -> str:
    time, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({time} + ({days}) * interval '24 hours')"


class started_days(GenericFunction[int]):  # noqa: N801
    """How many days have begun since the first time at the second: 0 up to then, 1 right after, 2 a day after that."""

    type = sa.Integer()
    inherit_cache = True


@compiles(started_days)
def _started_days_in_text(element: started_days, compiler: SQLCompiler, **kw: Any) -> str:
    since, until = (compiler.process(clause, **kw) for clause in element.clauses)
    midnights = f"julianday(date({until})) - julianday(date({since}))"
    return f"max(0, CAST({midnights} AS INTEGER) + (substr({until}, 12) > substr({since}, 12)))"


@compiles(started_days, "postgresql")
def _started_days_as_interval(element: started_days, compiler: SQLCompiler, **kw: Any) -> str:
    since, until = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"greatest(0, ceil(extract(epoch FROM {until} - {since}) / 86400))::integer"


def due_date() -> sa.ColumnElement[datetime]:
    """When the enclosing query's rental is due: its film's rental duration after it began."""
    return days_after(col(Rental.rental_date), col(Film.rental_duration))


def back_by(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """When the disc came back, or `until` while it is out."""
    return sa.func.coalesce(col(Rental.return_date), until, type_=UtcDateTime())


def days_late(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
    """Days late that have started, by the return or, while the disc is out, by `until`; 0 when in time."""
    return started_days(due_date(), back_by(until))


def is_lost(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """The disc was not back within three times the rental duration, so that its replacement is owed."""
    return back_by(until) > days_after(col(Rental.rental_date), _LOST_AFTER * col(Film.rental_duration))
