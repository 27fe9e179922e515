"""An existing Pagila database is adopted without losing or changing a row."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.database.migrations import head_revision
from tests.fixtures.postgres_server import run_script
from tests.fixtures.schema_probes import (
    check,
    downgrade,
    execute,
    revision_of,
    row_counts,
    rows_of,
    tables_of,
    upgrade,
)

pytestmark = pytest.mark.postgres

_OURS = {
    *("idempotency_key", "alembic_version", "streaming_subscription", "payment_default"),
    *("user_account", "refresh_token", "api_key"),
    *("conversation", "turn", "turn_event", "confirmation"),
}
_FILMS = "SELECT to_jsonb(film) FROM film ORDER BY film_id"
_RENT_AGAIN = """
    INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id)
    SELECT {moment}, inventory_id, customer_id, staff_id FROM rental WHERE return_date IS NULL
    ORDER BY rental_id LIMIT 1
"""
_PAY_NOW = """
    INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date)
    SELECT customer_id, staff_id, rental_id, 4.99, now() FROM rental ORDER BY rental_id LIMIT 1
"""


async def test_adopting_keeps_every_row(pagila: str) -> None:
    before = await row_counts(pagila)
    assert before["film"] > 0
    assert before["payment"] > 0

    await upgrade(pagila)

    after = await row_counts(pagila)
    assert {table: after[table] for table in before} == before
    assert set(after) - set(before) == _OURS
    assert await revision_of(pagila) == head_revision()


async def test_adopting_does_not_touch_the_films(pagila: str) -> None:
    before = await rows_of(pagila, _FILMS)
    await upgrade(pagila)
    after = await rows_of(pagila, _FILMS)
    assert [({name: film[name] for name in old},) for (film,), (old,) in zip(after, before, strict=True)] == before


async def test_alien_center_is_there_and_cannot_be_streamed_yet(pagila: str) -> None:
    await upgrade(pagila)
    query = "SELECT title, streaming_available FROM film WHERE title = 'ALIEN CENTER'"
    assert await rows_of(pagila, query) == [("ALIEN CENTER", False)]


async def test_an_adopted_database_is_what_the_models_say(pagila: str) -> None:
    """Despite Pagila's partitions, views and the domain with the dotless i."""
    assert await rows_of(pagila, "SELECT 1 FROM pg_type WHERE typname = 'bıgınt'") == [(1,)]
    await upgrade(pagila)
    await check(pagila)


async def test_a_disc_that_is_out_cannot_be_rented_again(pagila: str) -> None:
    await upgrade(pagila)
    with pytest.raises(IntegrityError, match="idx_unq_rental_open_inventory_id"):
        await execute(pagila, _RENT_AGAIN.format(moment="now()"))


async def test_a_payment_of_today_is_taken_and_checked(pagila: str) -> None:
    with pytest.raises(IntegrityError, match="no partition"):
        await execute(pagila, _PAY_NOW)

    await upgrade(pagila)

    await execute(pagila, _PAY_NOW)
    assert await rows_of(pagila, "SELECT amount::text FROM payment_default") == [("4.99",)]
    with pytest.raises(IntegrityError, match="payment_default_rental_id_fkey"):
        await execute(pagila, _PAY_NOW.replace("rental_id, 4.99", "-1, 4.99"))


async def test_downgrading_gives_pagila_back_as_it_was(pagila: str) -> None:
    tables, films = await tables_of(pagila), await rows_of(pagila, _FILMS)
    counts = await row_counts(pagila)

    await upgrade(pagila)
    await downgrade(pagila, "base")

    assert await tables_of(pagila) - {"alembic_version"} == tables
    assert await rows_of(pagila, _FILMS) == films
    assert {table: n for table, n in (await row_counts(pagila)).items() if table in counts} == counts


async def test_downgrading_keeps_the_payments_that_only_the_default_partition_takes(pagila: str) -> None:
    await upgrade(pagila)
    await execute(pagila, _PAY_NOW)
    await downgrade(pagila, "base")
    assert await rows_of(pagila, "SELECT amount::text FROM payment_default") == [("4.99",)]
    await upgrade(pagila)
    assert await rows_of(pagila, "SELECT count(*) FROM payment_default") == [(1,)]


async def test_a_pagila_loaded_where_our_own_tables_were_is_not_dropped(
    empty_postgres: str, pagila_script: str
) -> None:
    """The note that the service created the tables is removed with them."""
    await upgrade(empty_postgres)
    await downgrade(empty_postgres, "base")
    await run_script(empty_postgres, pagila_script)
    await upgrade(empty_postgres)
    await downgrade(empty_postgres, "base")
    assert await rows_of(empty_postgres, "SELECT title FROM film WHERE title = 'ALIEN CENTER'") != []


async def test_discs_with_several_open_rentals_are_adopted_as_they_are(pagila: str) -> None:
    """Pagila's newest release can have them."""
    await execute(pagila, _RENT_AGAIN.format(moment="rental_date + interval '1 day'"))
    open_rentals = await rows_of(pagila, "SELECT count(*) FROM rental WHERE return_date IS NULL")

    await upgrade(pagila)

    assert await rows_of(pagila, "SELECT count(*) FROM rental WHERE return_date IS NULL") == open_rentals
    with pytest.raises(IntegrityError, match="idx_unq_rental_open_inventory_id"):
        await execute(pagila, _RENT_AGAIN.format(moment="now()"))


async def test_an_older_pagila_whose_payments_are_not_partitioned_is_adopted(pagila: str) -> None:
    await execute(
        pagila,
        "ALTER TABLE payment RENAME TO old_payment;\n"
        "CREATE TABLE payment (LIKE old_payment INCLUDING DEFAULTS);\n"
        "DROP TABLE old_payment CASCADE",
    )
    await upgrade(pagila)
    await execute(pagila, _PAY_NOW)
    assert "payment_default" not in await tables_of(pagila)
