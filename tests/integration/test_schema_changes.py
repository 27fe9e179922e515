"""Schema changes while the service runs, and sequences that lag behind, are not reported as errors of the caller."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.conftest import client_of, running, sample_database, settings_for
from tests.fixtures.postgres_server import drop_database
from tests.fixtures.schema_probes import execute, rows_of

pytestmark = pytest.mark.postgres

_CHANGES = {
    "another length of a text": (
        "ALTER TABLE customer ALTER COLUMN first_name TYPE varchar(60)",
        "ALTER TABLE customer ALTER COLUMN first_name TYPE text",
    ),
    "another size of a number": (
        "ALTER TABLE film ALTER COLUMN length TYPE integer",
        "ALTER TABLE film ALTER COLUMN length TYPE smallint",
    ),
}


@pytest.fixture
async def store(postgres: str) -> AsyncIterator[str]:
    """A store whose schema the test may change."""
    yield await sample_database(postgres, "schema_changes")
    await drop_database(postgres, "schema_changes")


@pytest.fixture
async def app(store: str) -> AsyncIterator[FastAPI]:
    """The service on the store, with one connection, so that the next request uses the same prepared statements."""
    async with running(create_app(settings_for(store, database_pool_size=1))) as application:
        yield application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


@pytest.mark.parametrize("change", _CHANGES.values(), ids=list(_CHANGES))
async def test_reading_goes_on_after_the_schema_has_changed(
    client: httpx.AsyncClient, store: str, change: tuple[str, str]
) -> None:
    paths = ("/api/v1/films/1", "/api/v1/films", "/api/v1/customers/1", "/api/v1/customers")
    before = [(await client.get(path)).json() for path in paths]
    for statement in change:
        await execute(store, statement)
        answers = [await client.get(path) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * len(paths)
        assert [answer.json() for answer in answers] == before


async def test_writing_goes_on_after_the_schema_has_changed(client: httpx.AsyncClient, store: str) -> None:
    path = "/api/v1/customers/1"
    assert (await client.patch(path, json={"first_name": "Ada"})).status_code == 200
    for number, statement in enumerate(_CHANGES["another length of a text"]):
        await execute(store, statement)
        changed = await client.patch(path, json={"first_name": f"Ada {number}"})
        assert (changed.status_code, changed.json()["first_name"]) == (200, f"Ada {number}")


async def test_a_sequence_that_lags_behind_is_503_and_logged(
    client: httpx.AsyncClient, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    """For example after a restore of rows without their sequences."""
    await execute(store, "SELECT setval('category_category_id_seq', 1)")
    with caplog.at_level(logging.ERROR, "app.database"):
        refused = await client.post("/api/v1/categories", json={"name": "Western"})
    assert (refused.status_code, refused.json()["title"]) == (503, "Service Unavailable")
    (said,) = [record.getMessage() for record in caplog.records if record.name == "app.database"]
    assert "category_category_id_seq" in said
    assert '"category"' in said

    await execute(store, "SELECT setval('category_category_id_seq', (SELECT max(category_id) FROM category))")
    assert (await client.post("/api/v1/categories", json={"name": "Western"})).status_code == 201


async def test_a_sequence_that_lags_behind_stops_no_renting_for_good(client: httpx.AsyncClient, store: str) -> None:
    out = {one["inventory_id"] for one in (await client.get("/api/v1/rentals?active_only=true&limit=1000")).json()}
    disc = next(disc for (disc,) in await rows_of(store, "SELECT inventory_id FROM inventory") if disc not in out)
    wanted = {"inventory_id": disc, "customer_id": 1, "staff_id": 1}
    await execute(store, "SELECT setval('rental_rental_id_seq', 1)")
    assert (await client.post("/api/v1/rentals", json=wanted)).status_code == 503
    await execute(store, "SELECT setval('rental_rental_id_seq', (SELECT max(rental_id) FROM rental))")
    assert (await client.post("/api/v1/rentals", json=wanted)).status_code == 201


async def test_a_name_that_is_taken_is_still_a_conflict(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/categories", json={"name": "Western"})).status_code == 201
    assert (await client.post("/api/v1/categories", json={"name": "Western"})).status_code == 409
