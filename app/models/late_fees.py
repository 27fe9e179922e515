"""Due dates, late fees and lost items: Pagila's rules, in Python and in SQL.

All code, and the API's documentation, takes the rules from here. A day is 24 hours, so that a server's time zone
and daylight saving time do not change what a customer owes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel import col

from app.models import Film, Rental
from app.models.types import Money, UtcDateTime

LATE_FEE_PER_DAY = Decimal("1.00")
"""Dollars for every started day after the due date."""
_LOST_AFTER = 3
"""Rental durations after which an item that is not back counts as lost."""
_DAY = timedelta(days=1)

LATE_FEE_RULE = f"{LATE_FEE_PER_DAY} for each started day late"
LOST_RULE = f"{_LOST_AFTER} times its rental duration"
"""The rules as the API's documentation quotes them."""


def days_late_after(kept: timedelta, rental_duration: int) -> int:
    """Return the number of started days late of an item kept for this time; 0 if it is in time."""
    return max(0, -(-(kept - rental_duration * _DAY) // _DAY))


def is_lost_after(kept: timedelta, rental_duration: int) -> bool:
    """Return whether an item kept for this time counts as lost, so that its replacement cost is owed."""
    return kept > _LOST_AFTER * rental_duration * _DAY


def late_fee_for(days_late: int) -> Decimal:
    """Return the fee in dollars. `late_fee_expression` is the same in SQL."""
    return LATE_FEE_PER_DAY * days_late


def late_fee_expression(days_late: sa.ColumnElement[int]) -> sa.ColumnElement[Decimal]:
    """Return `late_fee_for` as an SQL expression."""
    return sa.type_coerce(sa.literal(LATE_FEE_PER_DAY, Money(10)) * days_late, Money(10))


class days_after(GenericFunction[datetime]):  # noqa: N801  named as SQL functions are
    """SQL function: a time plus a number of days."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(days_after)
def _days_after_in_text(element: days_after, compiler: SQLCompiler, **kw: Any) -> str:
    # SQLite calculates in milliseconds; the time of day is copied as text, to keep microseconds.
    time, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(date({time}, ({days}) || ' days') || substr({time}, 11))"


@compiles(days_after, "postgresql")
def _days_after_as_interval(element: days_after, compiler: SQLCompiler, **kw: Any) -> str:
    time, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({time} + ({days}) * interval '24 hours')"


class started_days(GenericFunction[int]):  # noqa: N801
    """SQL function: the number of started days from the first time to the second; 0 if the second is not later."""

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
    """Return the due date of the enclosing query's rental. The query joins Rental, Inventory and Film."""
    return days_after(col(Rental.rental_date), col(Film.rental_duration))


def back_by(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """Return the return date, or `until` while the rental is open, in SQL."""
    return sa.func.coalesce(col(Rental.return_date), until, type_=UtcDateTime())


def days_late(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
    """Return `days_late_after` in SQL, at the return or, while the rental is open, at `until`."""
    return started_days(due_date(), back_by(until))


def late_fee(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[Decimal]:
    """Return `late_fee_for` in SQL, at the return or, while the rental is open, at `until`."""
    return late_fee_expression(days_late(until))


def is_lost(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Return `is_lost_after` in SQL, at the return or, while the rental is open, at `until`."""
    return back_by(until) > days_after(col(Rental.rental_date), _LOST_AFTER * col(Film.rental_duration))
