"""Two worker processes on one port give the same answers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.core.settings import Settings
from tests.api.test_agents import assert_all_right, some_films
from tests.conftest import sample_database
from tests.fixtures.callers import ADMIN, SECRET, bearer, token_of
from tests.fixtures.postgres_server import drop_database
from tests.fixtures.schema_probes import rows_of
from tests.fixtures.serving import UVICORN, Service, serving

pytestmark = pytest.mark.postgres

NAME = "store_of_workers"
OPEN = {"SECRET_KEY": SECRET, "AI_PROVIDER": "offline", "RATE_LIMIT_AI": "off"}
RENTALS = "/api/v1/rentals"


@pytest.fixture(scope="module")
async def service(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    url = await sample_database(postgres, NAME)
    folder: Path = tmp_path_factory.mktemp("workers")
    async with serving(*UVICORN, "--workers", "2", folder=folder, DATABASE_URL=url, **OPEN) as running:
        yield running
    await drop_database(postgres, NAME)


@pytest.fixture(scope="module")
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a new connection for each request, which the kernel assigns to one of the workers."""
    limits = httpx.Limits(max_keepalive_connections=0)
    headers = bearer(token_of(ADMIN))
    async with httpx.AsyncClient(base_url=service.url, timeout=60, limits=limits, headers=headers) as http:
        yield http


async def test_fifty_questions_at_once_are_right(client: httpx.AsyncClient) -> None:
    await assert_all_right(client, await some_films(client, 50))


async def test_both_workers_answered(client: httpx.AsyncClient, postgres: str) -> None:
    """The other tests depend on this: there are more database connections than one process opens."""
    query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{NAME}' AND application_name = 'interview-api'"
    connections, deadline = 0, time.monotonic() + 30
    # The kernel is free to give one worker most of a round, the more so while the other is still starting.
    while connections <= Settings().database_pool_size and time.monotonic() < deadline:
        await asyncio.gather(*(client.get("/api/v1/films", params={"limit": 200}) for _ in range(50)))
        ((connections,),) = await rows_of(postgres, query)
    assert connections > Settings().database_pool_size


async def test_of_forty_concurrent_rentals_of_an_item_exactly_one_succeeds(client: httpx.AsyncClient) -> None:
    customers = (await client.get("/api/v1/customers", params={"active": True, "limit": 40})).json()
    for _ in range(5):
        (disc,) = (await client.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1})).json()
        responses = await asyncio.gather(
            *(
                client.post(RENTALS, json={"inventory_id": disc["id"], "customer_id": customer["id"], "staff_id": 1})
                for customer in customers
            )
        )
        assert Counter(response.status_code for response in responses) == {201: 1, 409: 39}


async def test_twenty_sends_of_one_key_rent_once_and_answer_alike(client: httpx.AsyncClient) -> None:
    (disc,) = (await client.post("/api/v1/inventory", json={"film_id": 2, "store_id": 1})).json()
    body = {"inventory_id": disc["id"], "customer_id": 1, "staff_id": 1}
    keyed = {"Idempotency-Key": "rent-once"}
    responses = await asyncio.gather(*(client.post(RENTALS, json=body, headers=keyed) for _ in range(20)))
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    rentals = (await client.get(RENTALS, params={"inventory_id": disc["id"]})).json()
    assert [rental["id"] for rental in rentals] == [responses[0].json()["id"]]
