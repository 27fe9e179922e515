"""Concurrent requests: rentals of one disc, returns of one rental, one idempotency key."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

RENTALS = "/api/v1/rentals"
CALLERS, ROUNDS = 40, 5


@pytest.fixture(scope="module")
async def discs(own_client: httpx.AsyncClient) -> list[int]:
    """Return discs in stock."""
    params = {"active_only": True, "limit": 1000}
    out = {rental["inventory_id"] for rental in (await own_client.get(RENTALS, params=params)).json()}
    return [number for number in range(1, 900) if number not in out]


async def total(client: httpx.AsyncClient, **params: int) -> int:
    response = await client.get(RENTALS, params={"limit": 1, **params}, headers={"Prefer": "count=exact"})
    return int(response.headers["x-total-count"])


async def at_once(*calls: Any) -> list[httpx.Response]:
    return list(await asyncio.gather(*calls))


async def test_of_forty_concurrent_rentals_of_an_item_exactly_one_succeeds(
    own_client: httpx.AsyncClient, discs: list[int]
) -> None:
    customers = (await own_client.get("/api/v1/customers", params={"active": True, "limit": CALLERS})).json()
    for disc in discs[:ROUNDS]:
        responses = await at_once(
            *(
                own_client.post(RENTALS, json={"inventory_id": disc, "customer_id": customer["id"], "staff_id": 1})
                for customer in customers
            )
        )
        assert Counter(response.status_code for response in responses) == {201: 1, 409: CALLERS - 1}
        (rental,) = (response.json() for response in responses if response.status_code == 201)
        assert {r.json()["due_date"] for r in responses if r.status_code == 409} == {rental["due_date"]}
        assert await total(own_client, inventory_id=disc, active_only=True) == 1


async def test_of_twenty_concurrent_returns_of_an_item_exactly_one_succeeds(
    own_client: httpx.AsyncClient, discs: list[int]
) -> None:
    body = {"inventory_id": discs[30], "customer_id": 1, "staff_id": 1, "rental_date": "2026-10-01T00:00:00Z"}
    rental = (await own_client.post(RENTALS, json=body)).json()
    responses = await at_once(*(own_client.post(f"{RENTALS}/{rental['id']}/return") for _ in range(20)))
    assert Counter(response.status_code for response in responses) == {200: 1, 409: 19}
    payments = (await own_client.get("/api/v1/customers/1/payments", params={"limit": 1000})).json()
    assert sum(payment["rental_id"] == rental["id"] for payment in payments) == 1


async def test_twenty_sends_of_one_key_rent_once_and_answer_alike(
    own_client: httpx.AsyncClient, discs: list[int]
) -> None:
    before = await total(own_client)
    body = {"inventory_id": discs[31], "customer_id": 1, "staff_id": 1}
    keyed = {"Idempotency-Key": "rent-once"}
    responses = await at_once(*(own_client.post(RENTALS, json=body, headers=keyed) for _ in range(20)))
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert len({(r.headers["location"], r.headers["etag"]) for r in responses}) == 1
    assert await total(own_client) == before + 1


async def test_a_key_returns_a_disc_once(own_client: httpx.AsyncClient, discs: list[int]) -> None:
    body = {"inventory_id": discs[32], "customer_id": 2, "staff_id": 1, "rental_date": "2026-10-01T00:00:00Z"}
    rental = (await own_client.post(RENTALS, json=body)).json()
    path, keyed = f"{RENTALS}/{rental['id']}/return", {"Idempotency-Key": "return-once"}
    responses = await at_once(*(own_client.post(path, headers=keyed) for _ in range(20)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    payments = (await own_client.get("/api/v1/customers/2/payments", params={"limit": 1000})).json()
    assert sum(payment["rental_id"] == rental["id"] for payment in payments) == 1


async def test_a_key_used_for_another_request_is_422(own_client: httpx.AsyncClient, discs: list[int]) -> None:
    keyed = {"Idempotency-Key": "one-body"}
    body = {"inventory_id": discs[33], "customer_id": 1, "staff_id": 1}
    first = await own_client.post(RENTALS, json=body, headers=keyed)
    assert first.status_code == 201
    for path, other in ((RENTALS, {**body, "inventory_id": discs[34]}), (f"{RENTALS}/1/return", {})):
        response = await own_client.post(path, json=other, headers=keyed)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["header", "idempotency-key"]
    assert await total(own_client, inventory_id=discs[34], active_only=True) == 0


async def test_a_request_that_failed_may_be_sent_again_under_its_key(
    own_client: httpx.AsyncClient, discs: list[int]
) -> None:
    keyed = {"Idempotency-Key": "second-chance"}
    body = {"inventory_id": discs[35], "customer_id": 1, "staff_id": 1}
    rental = (await own_client.post(RENTALS, json=body)).json()
    wanted = {**body, "customer_id": 2}
    assert (await own_client.post(RENTALS, json=wanted, headers=keyed)).status_code == 409
    await own_client.post(f"{RENTALS}/{rental['id']}/return")
    assert (await own_client.post(RENTALS, json=wanted, headers=keyed)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256])
async def test_an_invalid_idempotency_key_is_422(own_client: httpx.AsyncClient, key: str) -> None:
    body = {"inventory_id": 1, "customer_id": 1, "staff_id": 1}
    response = await own_client.post(RENTALS, json=body, headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["header", "idempotency-key"]


@pytest.fixture
async def shelf(own_client: httpx.AsyncClient) -> int:
    """Add a disc; return its id."""
    (disc,) = (await own_client.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1})).json()
    return int(disc["id"])


async def test_of_a_concurrent_rental_and_deletion_of_an_item_one_succeeds(
    own_client: httpx.AsyncClient, shelf: int
) -> None:
    rented, removed = await at_once(
        own_client.post(RENTALS, json={"inventory_id": shelf, "customer_id": 1, "staff_id": 1}),
        own_client.delete(f"/api/v1/inventory/{shelf}"),
    )
    assert (rented.status_code == 201) != (removed.status_code == 204)
    assert {rented.status_code, removed.status_code} <= {201, 204, 409, 422}
