"""The late fee rule: its Python and its SQL agree, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.core.database.engine import Database
from app.models import Film, Inventory, Rental
from app.models.late_fees import days_late, days_late_after, due_date, is_lost, is_lost_after, late_fee, late_fee_for
from app.models.types import UtcDateTime

DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
NOW = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=timezone.utc)
"""In the night before, clocks in Europe went forward."""
_UNTIL = sa.bindparam("until", type_=UtcDateTime)
_RULES = (
    sa.select(
        col(Rental.rental_date),
        col(Rental.return_date),
        col(Film.rental_duration),
        due_date().label("due"),
        days_late(_UNTIL).label("days_late"),
        late_fee(_UNTIL).label("late_fee"),
        is_lost(_UNTIL).label("is_lost"),
    )
    .join_from(Rental, Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .join(Film, col(Film.film_id) == col(Inventory.film_id))
)


def random_rentals(count: int) -> Iterator[dict[str, Any]]:
    """Return closed rentals of random length, and of whole days plus or minus a microsecond."""
    random = Random(11)
    for number in range(count):
        rented = NOW - timedelta(seconds=random.uniform(50, 400) * 86400)
        kept = timedelta(seconds=random.uniform(0, 40) * 86400)
        if number % 2:
            kept = max(timedelta(), random.randint(0, 30) * DAY + random.choice((-1, 0, 1)) * MICROSECOND)
        yield {
            "rental_date": rented,
            "return_date": rented + kept,
            "inventory_id": 1 + number,
            "customer_id": 1,
            "staff_id": 1,
        }


async def test_python_and_sql_agree_on_every_rental(own_app: FastAPI) -> None:
    database: Database = own_app.state.database
    await database.transaction(lambda connection: connection.execute(sa.insert(Rental), [*random_rentals(400)]))
    async with database.reading() as connection:
        rows = (await connection.execute(_RULES, {"until": NOW})).all()
    assert len(rows) > 400
    assert {row.is_lost for row in rows} == {True, False}
    assert max(row.days_late for row in rows) > 20
    for row in rows:
        kept = (row.return_date or NOW) - row.rental_date
        late = days_late_after(kept, row.rental_duration)
        assert (row.days_late, row.late_fee) == (late, late_fee_for(late)), row
        assert row.is_lost == is_lost_after(kept, row.rental_duration), row
        assert row.due == row.rental_date + row.rental_duration * DAY


@pytest.mark.parametrize(
    ("kept", "days", "fee", "lost"),
    [
        (timedelta(), 0, "0.00", False),
        (3 * DAY, 0, "0.00", False),
        (3 * DAY + MICROSECOND, 1, "1.00", False),
        (4 * DAY, 1, "1.00", False),
        (4 * DAY + MICROSECOND, 2, "2.00", False),
        (9 * DAY, 6, "6.00", False),
        (9 * DAY + MICROSECOND, 7, "7.00", True),
    ],
)
def test_every_started_day_costs_a_dollar_and_after_three_durations_the_item_is_lost(
    kept: timedelta, days: int, fee: str, lost: bool
) -> None:
    assert days_late_after(kept, 3) == days
    assert late_fee_for(days) == Decimal(fee)
    assert is_lost_after(kept, 3) == lost
