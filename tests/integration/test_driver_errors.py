"""Driver errors of real databases: constraints, conflicts and timeouts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database
from app.core.errors import AlreadyExists, InUse, InvalidInput, InvalidReference, Unavailable
from app.main import create_app
from app.models import Category, Film, Inventory, Payment, Rental
from tests.conftest import client_of, fill, running, sample_database, settings_for

NOW = datetime.now(timezone.utc)
OPEN_RENTAL = {"rental_date": NOW, "inventory_id": 1, "customer_id": 1, "staff_id": 1}


@pytest.fixture(scope="module")
async def database(postgres: str) -> AsyncIterator[Database]:
    """A separate store on Postgres."""
    opened = Database(settings_for(await sample_database(postgres, "refusals")))
    yield opened
    await opened.dispose()


async def write(database: Database, statement: sa.Executable, values: Any = None) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(statement, values)

    await database.transaction(work)


@pytest.mark.postgres
async def test_a_second_of_something_there_can_be_one_of(database: Database) -> None:
    with pytest.raises(AlreadyExists) as refused:
        await write(database, sa.insert(Rental), [OPEN_RENTAL, {**OPEN_RENTAL, "customer_id": 2}])
    assert refused.value.constraint == "idx_unq_rental_open_inventory_id"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("table", "values", "field"),
    [
        (Rental, {**OPEN_RENTAL, "inventory_id": 999_999}, "inventory_id"),
        (Rental, {**OPEN_RENTAL, "customer_id": 999_999}, "customer_id"),
        (Rental, {**OPEN_RENTAL, "staff_id": 999_999}, "staff_id"),
        (Inventory, {"film_id": 999_999, "store_id": 1}, "film_id"),
        (Film, {"title": "A", "language_id": 99}, "language_id"),
        (
            Payment,
            {"payment_date": NOW, "customer_id": 1, "staff_id": 1, "rental_id": 999_999, "amount": 1},
            "rental_id",
        ),
    ],
)
async def test_a_reference_to_nothing_names_its_field(
    database: Database, table: Any, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidReference) as refused:
        await write(database, sa.insert(table), values)
    assert refused.value.extensions["errors"] == [
        {"loc": ["body", field], "msg": refused.value.detail, "type": "reference"}
    ]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("statement", "referrer"),
    [
        (sa.delete(Film).where(sa.column("film_id") == 1), {"inventory", "film_category", "film_actor"}),
        (sa.delete(Category).where(sa.column("category_id") == 1), {"film_category"}),
        (sa.delete(Inventory).where(sa.column("inventory_id") == 2), {"rental"}),
    ],
)
async def test_a_referenced_row_cannot_be_deleted(database: Database, statement: sa.Delete, referrer: set[str]) -> None:
    with pytest.raises(InUse) as refused:
        await write(database, statement)
    assert refused.value.extensions["referred_by"] in referrer


@pytest.mark.postgres
@pytest.mark.parametrize(
    "values",
    [{"rental_rate": 100_000}, {"release_year": 1900}, {"length": 40_000}, {"title": None}, {"language_id": 2**31}],
    ids=str,
)
async def test_values_out_of_a_columns_range_are_invalid(database: Database, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await write(database, sa.insert(Film), {"title": "A", "language_id": 1, **values})
    assert "INSERT" not in refused.value.detail


@pytest.mark.postgres
async def test_both_transactions_of_a_deadlock_succeed(database: Database) -> None:
    both_hold_one = asyncio.Event()
    attempts: list[int] = []
    holding: list[int] = []

    async def swap(first: int, second: int) -> None:
        async def work(connection: AsyncConnection) -> None:
            attempts.append(first)
            await connection.execute(_touch(first))
            holding.append(first)
            if len(holding) == 2:
                both_hold_one.set()
            await both_hold_one.wait()
            await connection.execute(_touch(second))

        await database.transaction(work)

    await asyncio.gather(swap(1, 2), swap(2, 1))
    assert len(attempts) == 3


def _touch(film_id: int) -> sa.Update:
    return sa.update(Film).where(sa.column("film_id") == film_id).values(length=100)


@pytest.mark.postgres
async def test_a_transaction_that_always_conflicts_is_unavailable_with_retry_after(database: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(Unavailable) as busy:
        await database.transaction(work)
    assert busy.value.retry_after


@pytest.mark.postgres
@pytest.mark.parametrize("timeout", ["lock_timeout", "statement_timeout"])
async def test_a_lock_timeout_is_unavailable_with_retry_after(database: Database, timeout: str) -> None:
    settings = settings_for(database.engine.url.render_as_string(hide_password=False))
    await write(database, sa.text(f"ALTER DATABASE refusals SET {timeout} = '50ms'"))
    try:
        async with running(create_app(settings)) as app, client_of(app) as client, database.writing() as holding:
            await holding.execute(sa.text("LOCK TABLE film IN ACCESS EXCLUSIVE MODE"))
            for response in (
                await client.get("/api/v1/films/1"),
                await client.get("/api/v1/films"),
                await client.patch("/api/v1/films/1", json={"length": 90}),
            ):
                assert (response.status_code, response.headers["retry-after"]) == (503, "1")
                assert_is_problem(response)
    finally:
        await write(database, sa.text(f"ALTER DATABASE refusals RESET {timeout}"))


async def test_a_busy_sqlite_database_is_unavailable_with_retry_after(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite+aiosqlite:///{tmp_path}/store.db", database_connect_timeout=0.1)
    app = create_app(settings)
    async with running(app), client_of(app) as client:
        database: Database = app.state.database
        await fill(database)
        async with database.writing():
            refused = await client.post("/api/v1/categories", json={"name": "Western"})
            assert (await client.get("/api/v1/films/1")).status_code == 200
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert_is_problem(refused)
        assert (await client.post("/api/v1/categories", json={"name": "Western"})).status_code == 201


async def test_a_file_that_cannot_be_opened_is_a_database_that_is_away(tmp_path: Path) -> None:
    """For example because a volume was removed after the start."""
    volume = tmp_path / "volume"
    volume.mkdir()
    settings = settings_for(f"sqlite+aiosqlite:///{volume}/store.db")
    volume.rmdir()
    async with running(create_app(settings)) as app, client_of(app) as client:
        for answer in (
            await client.get("/api/v1/films/1"),
            await client.post("/api/v1/categories", json={"name": "Western"}),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (
                503,
                "The database cannot be reached: try again later.",
            )
            assert_is_problem(answer)


def assert_is_problem(response: httpx.Response) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    assert "sqlite" not in response.text.lower()
