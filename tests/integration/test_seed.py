"""The contents of the sample store, on both databases."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database.engine import Database
from app.core.database.migrations import upgrade
from app.core.errors import Conflict
from app.core.settings import Settings
from app.models import Category, Film, Language, Payment, Rental, metadata
from app.models.types import Rating
from app.seed import SeedReport, seed
from app.seed.store import TABLES
from tests.fixtures.postgres_server import create_database, drop_database

film, film_category, film_actor, category, language = (
    metadata.tables[name] for name in ("film", "film_category", "film_actor", "category", "language")
)
inventory, rental, payment, customer, staff = (
    metadata.tables[name] for name in ("inventory", "rental", "payment", "customer", "staff")
)

NewStore = Callable[[], Awaitable[str]]
NOT_SEEDED = {"last_update", "fulltext"}
"""Columns that the database fills."""


@pytest.fixture(scope="module")
async def new_sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> NewStore:
    """A function that creates migrated, empty SQLite files."""
    folder, numbers = tmp_path_factory.mktemp("stores"), count(1)
    template = folder / "template.db"
    await asyncio.to_thread(upgrade, f"sqlite+aiosqlite:///{template}")

    async def make() -> str:
        copy = Path(shutil.copy(template, folder / f"{next(numbers)}.db"))
        return f"sqlite+aiosqlite:///{copy}"

    return make


@pytest.fixture(scope="module")
async def new_postgres_store(postgres: str) -> AsyncIterator[NewStore]:
    """A function that creates migrated, empty Postgres databases, which are dropped at the end."""
    names = [f"seed_test_{number}" for number in range(12)]
    for name in names:
        await drop_database(postgres, name)
    unused = iter(names)
    template = next(unused)
    await asyncio.to_thread(upgrade, await create_database(postgres, template))

    async def make() -> str:
        return await create_database(postgres, next(unused), template)

    yield make
    for name in names:
        await drop_database(postgres, name)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_store(request: pytest.FixtureRequest) -> NewStore:
    """A function that creates stores on SQLite, and then on Postgres."""
    make: NewStore = request.getfixturevalue(f"new_{request.param}_store")
    return make


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(Settings(database_url=url))
    try:
        yield database
    finally:
        await database.dispose()


@pytest.fixture
async def empty(new_store: NewStore) -> AsyncIterator[Database]:
    async with opened(await new_store()) as database:
        yield database


@pytest.fixture(scope="module")
async def seeded(new_store: NewStore) -> AsyncIterator[tuple[Database, SeedReport]]:
    async with opened(await new_store()) as database:
        yield database, await seed(database)


@pytest.fixture
def store(seeded: tuple[Database, SeedReport]) -> Database:
    """A store at scale 1, which tests only read."""
    return seeded[0]


async def rows(database: Database, statement: sa.Select[Any]) -> list[sa.Row[Any]]:
    async with database.reading() as connection:
        return list((await connection.execute(statement)).all())


async def counts(database: Database) -> dict[str, int]:
    tables = [sa.select(sa.func.count()).select_from(metadata.tables[name]).scalar_subquery() for name in TABLES]
    (row,) = await rows(database, sa.select(*tables))
    return dict(zip(TABLES, row, strict=True))


async def contents(database: Database) -> dict[str, list[Any]]:
    """Return all rows of all tables, without values that differ between the databases."""
    found = {}
    for name in TABLES:
        table = metadata.tables[name]
        columns = [column for column in table.columns if column.name not in NOT_SEEDED]
        found[name] = [
            tuple(value.rstrip() if isinstance(value, str) else value for value in row)
            for row in await rows(database, sa.select(*columns).order_by(*table.primary_key.columns))
        ]
    return found


async def test_the_report_matches_the_tables(seeded: tuple[Database, SeedReport]) -> None:
    database, report = seeded
    found = await counts(database)

    assert report == SeedReport(True, found["film"], found["inventory"], found["customer"], found["rental"])
    assert str(report) == (
        f"The store now has {found['film']} films on {found['inventory']} discs, " "599 customers and 16,044 rentals."
    )
    assert found["film"] >= 150
    assert 4.5 < found["inventory"] / found["film"] < 4.7
    assert found["payment"] == found["rental"] == 16_044
    assert (found["store"], found["staff"], found["category"]) == (2, 3, 16)


async def test_every_film_has_categories_actors_and_two_discs(store: Database) -> None:
    for link, least in ((film_category, 1), (film_actor, 1), (inventory, 2)):
        linked = sa.select(sa.func.count()).where(link.c.film_id == film.c.film_id).scalar_subquery()
        assert await rows(store, sa.select(film.c.title).where(linked < least)) == [], link.name


async def test_alien_is_a_horror_film_for_2_99_and_in_stock(store: Database) -> None:
    (alien,) = await rows(
        store,
        sa.select(film.c.film_id, film.c.rental_rate, film.c.rating, language.c.name)
        .join(language, language.c.language_id == film.c.language_id)
        .join(film_category, film_category.c.film_id == film.c.film_id)
        .join(category, category.c.category_id == film_category.c.category_id)
        .where(film.c.title == "Alien", category.c.name == "Horror"),
    )
    out = sa.exists().where(rental.c.inventory_id == inventory.c.inventory_id, rental.c.return_date.is_(None))
    in_stock = sa.select(inventory.c.inventory_id).where(inventory.c.film_id == alien.film_id, ~out)

    assert (alien.rental_rate, alien.rating, alien.name.rstrip()) == (Decimal("2.99"), Rating.R, "English")
    assert await rows(store, in_stock) != []


async def test_categories_have_pagilas_ids_and_staff_starts_at_zero(store: Database) -> None:
    categories = await rows(store, sa.select(category.c.category_id, category.c.name).order_by(category.c.category_id))
    employed = await rows(store, sa.select(staff.c.staff_id).order_by(staff.c.staff_id))

    assert [row.category_id for row in categories] == list(range(1, 17))
    assert (categories[0].name, categories[10].name, categories[15].name) == ("Action", "Horror", "Travel")
    assert [row.staff_id for row in employed] == [0, 1, 2]


async def test_open_rentals_are_on_different_discs_and_a_third_is_overdue(store: Database) -> None:
    running = await rows(
        store,
        sa.select(rental, film.c.rental_duration, customer.c.activebool)
        .join(inventory, inventory.c.inventory_id == rental.c.inventory_id)
        .join(film, film.c.film_id == inventory.c.film_id)
        .join(customer, customer.c.customer_id == rental.c.customer_id)
        .where(rental.c.return_date.is_(None)),
    )
    now = datetime.now(timezone.utc)

    assert len({row.inventory_id for row in running}) == len(running) == 183
    assert sum(row.rental_date + timedelta(row.rental_duration) < now for row in running) == 61
    assert all(row.activebool for row in running)


async def test_no_rental_is_in_the_future_or_ends_before_it_begins(store: Database) -> None:
    began, ended = rental.c.rental_date, rental.c.return_date
    (row,) = await rows(
        store,
        sa.select(
            sa.func.min(began).label("first"),
            sa.func.max(began).label("last"),
            sa.func.max(ended).label("last_return"),
        ),
    )
    now = datetime.now(timezone.utc)

    assert now - timedelta(days=202) < row.first
    assert now - timedelta(days=3) < row.last < now
    assert row.last_return < now
    assert await rows(store, sa.select(rental.c.rental_id).where(ended <= began)) == []


async def test_every_rental_is_paid_once_with_its_late_fee(store: Database) -> None:
    paid = await rows(
        store,
        sa.select(
            *(rental.c.rental_id, rental.c.rental_date, rental.c.return_date, rental.c.customer_id),
            *(payment.c.amount, payment.c.payment_date, payment.c.customer_id.label("payer")),
            *(film.c.rental_rate, film.c.rental_duration),
        )
        .join(payment, payment.c.rental_id == rental.c.rental_id)
        .join(inventory, inventory.c.inventory_id == rental.c.inventory_id)
        .join(film, film.c.film_id == inventory.c.film_id),
    )

    assert len({row.rental_id for row in paid}) == len(paid) == 16_044
    for row in paid:
        kept = (row.return_date or row.rental_date) - row.rental_date
        days_late = max(0, ceil((kept - timedelta(days=row.rental_duration)) / timedelta(days=1)))
        assert row.amount == row.rental_rate + days_late
        assert (row.payer, row.payment_date) == (row.customer_id, row.rental_date)
    assert sum(row.amount > row.rental_rate for row in paid) > 1000


async def test_staff_serve_in_their_own_store(store: Database) -> None:
    elsewhere = (
        sa.select(rental.c.rental_id)
        .join(inventory, inventory.c.inventory_id == rental.c.inventory_id)
        .join(staff, staff.c.staff_id == rental.c.staff_id)
        .where(staff.c.store_id != inventory.c.store_id)
    )

    assert await rows(store, elsewhere) == []


async def test_the_next_rows_get_the_next_ids(seeded: tuple[Database, SeedReport]) -> None:
    database, report = seeded
    now = datetime.now(timezone.utc)
    async with AsyncSession(database.engine) as session:
        new_film = Film(title="New", language_id=1)
        new_rental = Rental(rental_date=now, inventory_id=1, customer_id=report.customers, staff_id=0)
        session.add_all([new_film, new_rental])
        await session.flush()
        assert new_rental.rental_id is not None
        new_payment = Payment(
            payment_date=now,
            customer_id=report.customers,
            staff_id=0,
            rental_id=new_rental.rental_id,
            amount=Decimal("2.99"),
        )
        session.add(new_payment)
        await session.flush()

        assert new_film.film_id == report.films + 1
        assert new_rental.rental_id == new_payment.payment_id == report.rentals + 1
        await session.rollback()


async def test_a_second_run_changes_nothing_and_says_so(seeded: tuple[Database, SeedReport]) -> None:
    database, report = seeded
    before = await contents(database)

    again = await seed(database, scale=2)

    assert str(again) == f"The store already has {report.films} films: nothing was changed."
    assert await contents(database) == before


async def test_a_store_with_films_is_not_changed(empty: Database) -> None:
    async with AsyncSession(empty.engine) as session, session.begin():
        session.add(Language(name="English"))
        await session.flush()
        session.add(Film(title="ACADEMY DINOSAUR", language_id=1))

    report = await seed(empty)

    assert not report.seeded
    assert {name: number for name, number in (await counts(empty)).items() if number} == {
        "film": 1,
        "language": 1,
    }


async def test_rows_in_the_way_are_named_and_kept(empty: Database) -> None:
    async with AsyncSession(empty.engine) as session, session.begin():
        session.add(Category(name="Silent"))

    with pytest.raises(Conflict, match="category"):
        await seed(empty)

    assert {name: number for name, number in (await counts(empty)).items() if number} == {"category": 1}


async def test_an_interrupted_run_leaves_nothing_behind(empty: Database) -> None:
    def interrupt(sentence: str) -> None:
        if sentence.startswith("Wrote"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await seed(empty, progress=interrupt)

    assert set((await counts(empty)).values()) == {0}
    assert (await seed(empty)).seeded


async def test_of_two_runs_at_once_one_waits_and_changes_nothing(empty: Database) -> None:
    reports = await asyncio.gather(seed(empty), seed(empty))

    assert sorted(report.seeded for report in reports) == [False, True]
    assert (await counts(empty))["rental"] == 16_044


async def test_twice_the_scale_is_twice_the_trade_and_more_films(empty: Database, store: Database) -> None:
    single, sentences = await counts(store), list[str]()

    report = await seed(empty, scale=2, progress=sentences.append)

    double = await counts(empty)
    for name in ("customer", "rental", "payment"):
        assert double[name] == 2 * single[name], name
    assert abs(double["inventory"] - 2 * single["inventory"]) <= 1
    assert double["film"] == single["film"] + 60 == report.films
    assert sentences[-1] == "Wrote 32,088 of 32,088 rentals and their payments."


async def test_the_scale_is_at_least_one(store: Database) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await seed(store, scale=0)


async def test_the_rows_are_the_same_in_every_run(new_sqlite_store: NewStore, new_store: NewStore) -> None:
    today = date(2026, 3, 29)
    async with opened(await new_sqlite_store()) as one, opened(await new_store()) as other:
        await seed(one, today=today)
        await seed(other, today=today)

        assert await contents(one) == await contents(other)
