"""Each release of Pagila is adopted unchanged, or refused with an error and not changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import httpx
import pytest
from alembic.util import CommandError

from app.core.database.migrations import head_revision
from app.main import create_app
from tests.conftest import client_of, running, settings_for
from tests.fixtures import old_releases
from tests.fixtures.command_line import ROOT, run, run_module
from tests.fixtures.postgres_server import create_database, drop_database, run_script
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

_numbers = count(1)
_RELEASES = {
    "rules": old_releases.with_rules,
    "trigger": old_releases.with_trigger,
    "newest": old_releases.newest,
}
_COLUMNS = """
    SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
        AND relname <> 'alembic_version'
    ORDER BY 1, 2
"""
_MONTH_PAYMENT = """
    INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date)
    SELECT customer_id, staff_id, rental_id, 1.23, '2022-02-03' FROM rental ORDER BY rental_id LIMIT 1
"""

Restore = Callable[[str], str]


async def _restored(postgres: str, script: str) -> AsyncIterator[str]:
    name = f"test_release_{next(_numbers)}"
    url = await create_database(postgres, name)
    await run_script(url, script)
    # Our times are UTC, whatever the server takes for local.
    await execute(postgres, f"ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'")
    yield url
    await drop_database(postgres, name)


@pytest.fixture(params=_RELEASES.values(), ids=list(_RELEASES))
async def release(request: pytest.FixtureRequest, postgres: str, pagila_script: str) -> AsyncIterator[str]:
    """A database of each kind of adoptable release."""
    restore: Restore = request.param
    async for url in _restored(postgres, restore(pagila_script)):
        yield url


@pytest.fixture
async def ruled(postgres: str, pagila_script: str) -> AsyncIterator[str]:
    """A database of a release with rules on payment."""
    async for url in _restored(postgres, old_releases.with_rules(pagila_script)):
        yield url


@pytest.fixture
async def dvdrental(postgres: str, pagila_script: str) -> AsyncIterator[str]:
    """The database dvdrental, which lacks a column."""
    async for url in _restored(postgres, old_releases.dvdrental(pagila_script)):
        yield url


async def test_adopting_changes_no_row_and_no_column(release: str) -> None:
    counts, columns = await row_counts(release), await rows_of(release, _COLUMNS)
    await upgrade(release)
    assert await revision_of(release) == head_revision()
    after = await row_counts(release)
    assert {table: after[table] for table in counts} == counts
    assert set(columns) <= set(await rows_of(release, _COLUMNS))


async def test_alembic_proposes_no_change_of_an_adopted_release(release: str) -> None:
    await upgrade(release)
    await check(release)


async def test_downgrading_gives_it_back(release: str) -> None:
    columns = await rows_of(release, _COLUMNS)
    await upgrade(release)
    await downgrade(release, "base")
    assert await rows_of(release, _COLUMNS) == columns


async def test_renting_returning_late_and_paying(release: str) -> None:
    await upgrade(release)
    async with running(create_app(settings_for(release))) as app, client_of(app) as client:
        owed = await _balance(client)
        rented = datetime.now(timezone.utc) - timedelta(days=30)
        rental = await _rent(client, release, rental_date=rented.isoformat())
        assert datetime.fromisoformat(rental["rental_date"].replace("Z", "+00:00")) == rented

        back = await client.post(f"/api/v1/rentals/{rental['id']}/return")
        assert back.status_code == 200, back.text
        due = datetime.fromisoformat(rental["due_date"].replace("Z", "+00:00"))
        late = (datetime.now(timezone.utc) - due).days + 1
        assert back.json()["days_late"] == late

        payments = "/api/v1/customers/1/payments"
        paid = await client.post(payments, json={"rental_id": rental["id"], "staff_id": 1, "amount": 4.99})
        assert paid.status_code == 201, paid.text
        newest = (await client.get(payments, params={"sort": "-payment_date", "limit": 1})).json()[0]
        assert (newest["id"], newest["payment_date"]) == (paid.json()["id"], paid.json()["payment_date"])
        assert 0 <= _age(newest["payment_date"]) < 60
        total = {one["id"]: one["amount"] for one in (await client.get(payments, params={"limit": 1000})).json()}
        assert (await _balance(client))["payments"] == pytest.approx(sum(total.values()))
        assert (await _balance(client))["payments"] > owed["payments"]
        assert (await client.delete(f"/api/v1/rentals/{rental['id']}")).status_code == 409


async def test_times_without_a_zone_are_utc_in_the_database(ruled: str) -> None:
    await upgrade(ruled)
    before = {row["id"]: row async for row in _rentals(ruled)}
    for rental_id, stored in await rows_of(ruled, "SELECT rental_id, to_char(rental_date, 'YYYY-MM-DD') FROM rental"):
        assert before[rental_id]["rental_date"].startswith(stored)
    async with running(create_app(settings_for(ruled))) as app, client_of(app) as client:
        rental = await _rent(client, ruled, rental_date="2026-03-01T23:30:00+00:00")
        stored = await rows_of(ruled, f"SELECT rental_date::text FROM rental WHERE rental_id = {rental['id']}")
    assert stored == [("2026-03-01 23:30:00",)]


async def test_lists_continue_on_times_without_a_zone(ruled: str) -> None:
    await upgrade(ruled)
    whole = [row["id"] async for row in _rentals(ruled, sort="-rental_date", limit=1000)]
    assert [row["id"] async for row in _rentals(ruled, sort="-rental_date", limit=7)] == whole


async def test_a_store_that_was_adopted_before_takes_payments_after_migrating(ruled: str) -> None:
    await upgrade(ruled, "0006")
    await upgrade(ruled)
    async with running(create_app(settings_for(ruled))) as app, client_of(app) as client:
        rental = await _rent(client, ruled)
        paid = {"rental_id": rental["id"], "staff_id": 1, "amount": 4.99}
        assert (await client.post("/api/v1/customers/1/payments", json=paid)).status_code == 201


async def test_downgrading_lets_old_payments_go_to_their_months_again(ruled: str) -> None:
    month = "SELECT count(*) FROM payment_p2022_02 WHERE amount = 1.23"
    await upgrade(ruled)
    await execute(ruled, _MONTH_PAYMENT)
    assert await rows_of(ruled, month) == [(0,)]
    await downgrade(ruled, "base")
    await execute(ruled, _MONTH_PAYMENT)
    assert await rows_of(ruled, month) == [(1,)]


async def test_dvdrental_is_refused_with_the_missing_column_and_not_changed(dvdrental: str, tmp_path: Path) -> None:
    tables, columns = await tables_of(dvdrental), await rows_of(dvdrental, _COLUMNS)
    for done in (
        run("migrate", cwd=tmp_path, DATABASE_URL=dvdrental),
        run_module("alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head", cwd=tmp_path, DATABASE_URL=dvdrental),
    ):
        assert done.returncode != 0
        assert "film.original_language_id is missing (ALTER TABLE film ADD COLUMN" in done.stderr
        assert "Traceback" not in done.stderr
    assert (await tables_of(dvdrental), await rows_of(dvdrental, _COLUMNS)) == (tables, columns)


async def test_dvdrental_is_adopted_after_adding_the_missing_column(dvdrental: str) -> None:
    with pytest.raises(CommandError) as refused:
        await upgrade(dvdrental)
    statement = str(refused.value).partition("(")[2].partition(")")[0]
    await execute(dvdrental, statement)
    await upgrade(dvdrental)
    await check(dvdrental)
    async with running(create_app(settings_for(dvdrental))) as app, client_of(app) as client:
        rental = await _rent(client, dvdrental)
        assert (await client.post(f"/api/v1/rentals/{rental['id']}/return")).status_code == 200


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("ALTER TABLE customer ALTER COLUMN create_date TYPE text", "customer.create_date is of type TEXT, not date"),
        ("ALTER TABLE film ALTER COLUMN rating TYPE text", "film.rating is of type TEXT, not mpaa_rating"),
        ("ALTER TABLE rental ADD COLUMN till text NOT NULL DEFAULT ''; ALTER TABLE rental ALTER till DROP DEFAULT",
         "rental.till is an unknown required column: give it a default"),
        ("ALTER TABLE actor ALTER COLUMN actor_id DROP DEFAULT", "actor.actor_id has no sequence or identity"),
        ("DROP TABLE payment CASCADE; CREATE TABLE payment (id integer)", "payment.payment_id is missing"),
    ],
)  # fmt: skip
async def test_an_incompatible_database_is_refused(pagila: str, change: str, says: str) -> None:
    await run_script(pagila, f"DROP VIEW film_list; {change if 'rating' not in change else _without_default(change)}")
    tables = await tables_of(pagila)
    with pytest.raises(CommandError) as refused:
        await upgrade(pagila)
    assert says in str(refused.value)
    assert await tables_of(pagila) == tables


async def test_alembic_never_proposes_to_drop_the_owners_objects(pagila: str, empty_postgres: str) -> None:
    for url in (pagila, empty_postgres):
        await upgrade(url)
        await run_script(
            url,
            "ALTER TABLE film ADD COLUMN shelf text; CREATE INDEX of_the_owner ON film (shelf);"
            "CREATE UNIQUE INDEX also_of_the_owner ON api_key (prefix); CREATE TABLE shelf (id integer PRIMARY KEY);"
            "ALTER TABLE customer ADD CONSTRAINT owners_unique UNIQUE (email)",
        )
        await check(url)


async def test_sqlite_files_of_others_are_refused(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/sakila.db"
    await execute(url, "CREATE TABLE film (film_id integer PRIMARY KEY, title text)")
    with pytest.raises(CommandError, match="already has tables named film"):
        await upgrade(url)
    assert await tables_of(url) == {"film"}


def _without_default(change: str) -> str:
    return f"ALTER TABLE film ALTER COLUMN rating DROP DEFAULT; {change}"


async def _balance(client: httpx.AsyncClient) -> dict[str, float]:
    return dict((await client.get("/api/v1/customers/1/balance")).json())


async def _rent(client: httpx.AsyncClient, url: str, **values: str) -> dict[str, str]:
    """Rent a disc in stock to customer 1."""
    (disc,), *_ = await rows_of(
        url,
        "SELECT inventory_id FROM inventory WHERE inventory_id NOT IN "
        "(SELECT inventory_id FROM rental WHERE return_date IS NULL) ORDER BY inventory_id",
    )
    wanted = {"inventory_id": disc, "customer_id": 1, "staff_id": 1, **values}
    rented = await client.post("/api/v1/rentals", json=wanted)
    assert rented.status_code == 201, rented.text
    return dict(rented.json())


async def _rentals(url: str, **query: str | int) -> AsyncIterator[dict[str, str]]:
    """Return all rentals, read page by page."""
    async with running(create_app(settings_for(url))) as app, client_of(app) as client:
        page = await client.get("/api/v1/rentals", params=query)
        while True:
            assert page.status_code == 200, page.text
            for row in page.json():
                yield row
            if "next" not in page.links:
                return
            page = await client.get(page.links["next"]["url"])


def _age(time: str) -> float:
    return (datetime.now(timezone.utc) - datetime.fromisoformat(time.replace("Z", "+00:00"))).total_seconds()
