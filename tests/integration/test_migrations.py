"""Migrations from an empty database to the newest schema and back, on both databases."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database.engine import Database
from app.core.database.migrations import current_revision, head_revision
from app.core.settings import Settings
from app.models import Payment, metadata
from tests.fixtures.postgres_server import connect
from tests.fixtures.schema_probes import (
    ONE_OPEN_RENTAL,
    check,
    downgrade,
    execute,
    revision_of,
    row_counts,
    rows_of,
    tables_of,
    upgrade,
)


async def test_an_empty_database_goes_up_and_down_and_up_again(empty_database: str) -> None:
    assert await revision_of(empty_database) is None

    await upgrade(empty_database)
    assert await revision_of(empty_database) == head_revision()
    assert set(metadata.tables) <= await tables_of(empty_database)

    await downgrade(empty_database, "base")
    assert await revision_of(empty_database) is None
    assert await tables_of(empty_database) - {"sqlite_sequence"} == {"alembic_version"}

    await upgrade(empty_database)
    assert await revision_of(empty_database) == head_revision()


async def test_the_models_match_the_migrations(empty_database: str) -> None:
    await upgrade(empty_database)
    await check(empty_database)


async def test_upgrading_again_changes_nothing(empty_database: str) -> None:
    await upgrade(empty_database)
    await execute(empty_database, ONE_OPEN_RENTAL)
    before = await row_counts(empty_database)

    await upgrade(empty_database)

    assert await row_counts(empty_database) == before


async def test_every_revision_can_be_taken_back_alone(empty_database: str) -> None:
    await upgrade(empty_database, "0001")
    await execute(empty_database, ONE_OPEN_RENTAL)
    await upgrade(empty_database)
    for revision in ("0003", "0002", "0001"):
        await downgrade(empty_database, revision)
        assert await revision_of(empty_database) == revision
    assert "streaming_subscription" not in await tables_of(empty_database)
    assert await rows_of(empty_database, "SELECT title FROM film") == [("ALIEN CENTER",)]


async def test_films_cannot_be_streamed_by_default(empty_database: str) -> None:
    await upgrade(empty_database, "0001")
    await execute(empty_database, ONE_OPEN_RENTAL)
    await upgrade(empty_database)
    assert await rows_of(empty_database, "SELECT film_id FROM film WHERE NOT streaming_available") == [(1,)]


async def test_a_disc_has_at_most_one_open_rental(empty_database: str) -> None:
    await upgrade(empty_database)
    await execute(empty_database, ONE_OPEN_RENTAL)
    again = (
        "INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id, return_date) "
        "VALUES ('2022-03-01', 1, 1, 1, {})"
    )
    with pytest.raises(IntegrityError):
        await execute(empty_database, again.format("NULL"))
    await execute(empty_database, again.format("'2022-03-02'"))


async def test_only_the_five_ratings_are_taken(empty_database: str) -> None:
    await upgrade(empty_database)
    await execute(empty_database, ONE_OPEN_RENTAL)
    await execute(empty_database, "UPDATE film SET rating = 'NC-17'")
    with pytest.raises(Exception, match="mpaa_rating"):
        await execute(empty_database, "UPDATE film SET rating = 'X'")


async def test_payments_of_any_day_get_ids_of_their_own(empty_database: str) -> None:
    await upgrade(empty_database)
    await execute(empty_database, ONE_OPEN_RENTAL)
    database = Database(Settings(database_url=empty_database))
    days = [datetime(2022, 3, 1, tzinfo=timezone.utc), datetime.now(timezone.utc)]
    payments = [
        Payment(payment_date=day, customer_id=1, staff_id=1, rental_id=1, amount=Decimal("2.99")) for day in days
    ]
    async with AsyncSession(database.engine, expire_on_commit=False) as session, session.begin():
        session.add_all(payments)
    await database.dispose()
    assert [payment.payment_id for payment in payments] == [1, 2]


async def test_the_id_of_a_deleted_row_is_not_given_to_a_new_one(empty_database: str) -> None:
    await upgrade(empty_database)
    for name in ("Short", "Long"):
        await execute(empty_database, "DELETE FROM category")
        await execute(empty_database, f"INSERT INTO category (name) VALUES ('{name}')")
    assert await rows_of(empty_database, "SELECT category_id, name FROM category") == [(2, "Long")]


async def test_the_revision_can_be_read_on_a_connection(empty_database: str) -> None:
    await upgrade(empty_database)
    database = Database(Settings(database_url=empty_database))
    async with database.reading() as connection:
        assert await current_revision(connection) == head_revision()
    await database.dispose()


async def test_the_migrations_make_nothing_that_the_models_do_not_know(empty_database: str) -> None:
    """`alembic check` reports only missing objects, because others may be the owner's."""
    await upgrade(empty_database)
    async with connect(empty_database) as connection:
        made = await connection.run_sync(_columns_and_indexes)
    for table in metadata.tables.values():
        columns, indexes = made[table.name]
        assert columns == {column.name for column in table.columns}
        assert indexes - _IN_THE_DATABASE_ALONE <= {index.name for index in table.indexes}


_IN_THE_DATABASE_ALONE = {"idx_film_title_trgm", "idx_customer_search_trgm", "idx_actor_name_trgm"}


def _columns_and_indexes(connection: sa.Connection) -> dict[str, tuple[set[str], set[str | None]]]:
    """Return the columns and indexes of each table, without the indexes of constraints."""
    inspector = sa.inspect(connection)
    return {
        table: (
            {column["name"] for column in inspector.get_columns(table)},
            {index["name"] for index in inspector.get_indexes(table) if "duplicates_constraint" not in index},
        )
        for table in metadata.tables
    }
