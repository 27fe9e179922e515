"""The limit of open rentals of a customer, also with concurrent requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.core.auth.identity import Caller, Role
from app.core.database.engine import Database
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import client_of, running, sample_database, settings_for
from tests.fixtures.callers import ADMIN

CUSTOMERS, RENTALS = "/api/v1/customers", "/api/v1/rentals"
LIMIT, AT_ONCE = 20, 50


@pytest.fixture(scope="module")
async def limited(own_app: FastAPI) -> AsyncIterator[FastAPI]:
    """The service with the default limit, on the same store."""
    limit = Settings.model_fields["max_open_rentals"].default
    url = own_app.state.settings.database_url
    async with running(create_app(settings_for(url, max_open_rentals=limit, database_pool_size=10))) as app:
        yield app


@pytest.fixture(scope="module")
async def store(limited: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An admin client of the service."""
    async with client_of(limited) as http:
        yield http


async def new_customer(client: httpx.AsyncClient) -> int:
    body = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6}
    return int((await client.post(CUSTOMERS, json=body)).json()["id"])


async def new_discs(client: httpx.AsyncClient, copies: int) -> list[int]:
    added: list[int] = []
    while len(added) < copies:
        body = {"film_id": 1, "store_id": 1, "copies": min(copies - len(added), 20)}
        added += [disc["id"] for disc in (await client.post("/api/v1/inventory", json=body)).json()]
    return added


def wish(disc: int, customer_id: int) -> dict[str, int]:
    return {"inventory_id": disc, "customer_id": customer_id, "staff_id": 1}


async def rent_all(client: httpx.AsyncClient, discs: list[int], customer_id: int) -> list[httpx.Response]:
    return [await client.post(RENTALS, json=wish(disc, customer_id)) for disc in discs]


async def out(client: httpx.AsyncClient, customer_id: int) -> list[dict[str, Any]]:
    params = {"active_only": True, "limit": 1000}
    return list((await client.get(f"{CUSTOMERS}/{customer_id}/rentals", params=params)).json())


async def test_the_twenty_first_disc_is_refused_and_the_limit_named(store: httpx.AsyncClient) -> None:
    customer_id, discs = await new_customer(store), await new_discs(store, LIMIT + 1)
    *others, last = await rent_all(store, discs, customer_id)
    assert {response.status_code for response in others} == {201}
    assert last.status_code == 409
    problem = last.json()
    assert (problem["open_rentals"], problem["max_open_rentals"]) == (LIMIT, LIMIT)
    assert f"Customer {customer_id} has {LIMIT} open rentals; the limit is {LIMIT}" in problem["detail"]
    assert "MAX_OPEN_RENTALS" in problem["detail"]
    assert len(await out(store, customer_id)) == LIMIT


async def test_a_disc_that_comes_back_makes_room_for_another(store: httpx.AsyncClient) -> None:
    customer_id, discs = await new_customer(store), await new_discs(store, LIMIT + 1)
    first, *_ = await rent_all(store, discs[:LIMIT], customer_id)
    assert (await store.post(RENTALS, json=wish(discs[-1], customer_id))).status_code == 409
    assert (await store.post(f"{RENTALS}/{first.json()['id']}/return")).status_code == 200
    assert (await store.post(RENTALS, json=wish(discs[-1], customer_id))).status_code == 201


@pytest.mark.parametrize("who", ["customer", "admin"])
@pytest.mark.parametrize("keyed", [False, True], ids=["without keys", "with keys"])
async def test_of_fifty_discs_asked_for_at_once_twenty_go_out(
    limited: FastAPI, store: httpx.AsyncClient, who: str, keyed: bool
) -> None:
    customer_id, discs = await new_customer(store), await new_discs(store, AT_ONCE)
    caller = Caller(Role.CUSTOMER, account_id=3, customer_id=customer_id) if who == "customer" else ADMIN
    body = {} if who == "customer" else {"staff_id": 1}
    async with client_of(limited, caller) as client:
        responses = await asyncio.gather(
            *(
                client.post(
                    f"{CUSTOMERS}/{customer_id}/rentals",
                    json={"inventory_id": disc, **body},
                    headers={"Idempotency-Key": f"at-once-{disc}"} if keyed else {},
                )
                for disc in discs
            )
        )
    assert Counter(response.status_code for response in responses) == {201: LIMIT, 409: AT_ONCE - LIMIT}
    assert len(await out(store, customer_id)) == LIMIT


async def test_opening_rentals_again_at_once_does_not_go_beyond_the_limit(
    own_client: httpx.AsyncClient, store: httpx.AsyncClient
) -> None:
    customer_id, discs = await new_customer(store), await new_discs(store, LIMIT + 15)
    rentals = [response.json()["id"] for response in await rent_all(own_client, discs, customer_id)]
    for rental in rentals[:30]:
        assert (await own_client.post(f"{RENTALS}/{rental}/return")).status_code == 200
    responses = await asyncio.gather(
        *(store.put(f"{RENTALS}/{rental}", json={"return_date": None}) for rental in rentals[:30])
    )
    assert Counter(response.status_code for response in responses) == {200: LIMIT - 5, 409: 15}
    assert len(await out(store, customer_id)) == LIMIT
    # One that is open already is none more.
    assert (await store.put(f"{RENTALS}/{rentals[-1]}", json={"return_date": None})).status_code == 200


async def test_a_customer_over_a_lowered_limit_keeps_the_rentals_and_can_return_them(
    own_client: httpx.AsyncClient, store: httpx.AsyncClient
) -> None:
    customer_id, discs = await new_customer(store), await new_discs(store, LIMIT + 6)
    responses = await rent_all(own_client, discs[:-1], customer_id)
    assert {response.status_code for response in responses} == {201}
    assert len(await out(store, customer_id)) == LIMIT + 5
    for number in range(6):
        assert (await store.post(RENTALS, json=wish(discs[-1], customer_id))).status_code == 409
        assert (await store.get(f"{RENTALS}/{responses[number].json()['id']}")).status_code == 200
        assert (await store.post(f"{RENTALS}/{responses[number].json()['id']}/return")).status_code == 200
    assert (await store.post(RENTALS, json=wish(discs[-1], customer_id))).status_code == 201


async def test_one_customers_discs_are_not_counted_against_another(store: httpx.AsyncClient) -> None:
    one, other, discs = await new_customer(store), await new_customer(store), await new_discs(store, LIMIT + 1)
    await rent_all(store, discs[:LIMIT], one)
    assert (await store.post(RENTALS, json=wish(discs[-1], other))).status_code == 201


@pytest.mark.postgres
async def test_the_limit_holds_whatever_isolation_the_database_has_by_default(postgres: str) -> None:
    url = await sample_database(postgres, "repeatable_store")
    database = Database(settings_for(url))
    async with database.writing() as connection:
        default = "ALTER DATABASE repeatable_store SET default_transaction_isolation TO 'repeatable read'"
        await connection.execute(sa.text(default))
    await database.dispose()
    app = create_app(settings_for(url, max_open_rentals=LIMIT, database_pool_size=10))
    async with running(app), client_of(app) as client:
        customer_id, discs = await new_customer(client), await new_discs(client, AT_ONCE)
        responses = await asyncio.gather(*(client.post(RENTALS, json=wish(disc, customer_id)) for disc in discs))
        assert Counter(response.status_code for response in responses) == {201: LIMIT, 409: AT_ONCE - LIMIT}
        assert len(await out(client, customer_id)) == LIMIT
