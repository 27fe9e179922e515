"""Customers may read and change only their own records; staff may read all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth.identity import Caller
from tests.conftest import client_of
from tests.fixtures.callers import ADMIN, CUSTOMER, NEWCOMER, OTHER_CUSTOMER, STAFF

RENTALS = "/api/v1/rentals"
OWN, OTHER = "/api/v1/customers/1", "/api/v1/customers/2"
BACKDATED = "2026-10-01T00:00:00Z"
COUNTED = {"Prefer": "count=exact"}


@pytest.fixture(scope="module")
async def customer(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Customer 1."""
    async with client_of(own_app, CUSTOMER) as http:
        yield http


@pytest.fixture(scope="module")
async def other(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Customer 2."""
    async with client_of(own_app, OTHER_CUSTOMER) as http:
        yield http


@pytest.fixture
async def disc(own_client: httpx.AsyncClient) -> int:
    """A new disc."""
    (added,) = (await own_client.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1})).json()
    return int(added["id"])


async def rentals(client: httpx.AsyncClient, **params: int | str) -> list[dict[str, Any]]:
    response = await client.get(RENTALS, params={"limit": 1000, **params})
    assert response.status_code == 200
    return list(response.json())


async def total(client: httpx.AsyncClient, **params: int) -> int:
    response = await client.get(RENTALS, params={"limit": 1, **params}, headers=COUNTED)
    return int(response.headers["x-total-count"])


def wish(disc: int, customer_id: int) -> dict[str, int]:
    """Return the body of a rental without staff_id, as customers send it."""
    return {"inventory_id": disc, "customer_id": customer_id}


def order(disc: int, customer_id: int) -> dict[str, int]:
    return {**wish(disc, customer_id), "staff_id": 1}


async def test_customers_see_only_their_own_rentals(own_client: httpx.AsyncClient, customer: httpx.AsyncClient) -> None:
    own = await rentals(own_client, customer_id=1)
    assert len(own) > 10
    assert await rentals(customer) == own
    assert await rentals(customer, customer_id=1) == own
    assert (await customer.get(f"{OWN}/rentals", params={"limit": 1000})).json() == own


async def test_filtering_by_another_customer_finds_nothing(customer: httpx.AsyncClient) -> None:
    response = await customer.get(RENTALS, params={"customer_id": 2}, headers=COUNTED)
    assert (response.status_code, response.json(), response.headers["x-total-count"]) == (200, [], "0")


async def test_totals_count_only_own_rentals(own_client: httpx.AsyncClient, customer: httpx.AsyncClient) -> None:
    assert await total(customer) == await total(own_client, customer_id=1)
    assert await total(own_client) > 16_000


@pytest.mark.parametrize("sort", ["id", "-rental_date"])
async def test_following_the_links_never_leaves_their_own(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, sort: str
) -> None:
    url, seen = f"{RENTALS}?limit=7&sort={sort}", []
    while url:
        response = await customer.get(url)
        seen += response.json()
        url = response.links.get("next", {}).get("url", "")
    assert seen == await rentals(own_client, customer_id=1, sort=sort)


async def test_a_cursor_from_an_admin_shows_a_customer_only_own_rentals(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient
) -> None:
    elsewhere = (await own_client.get(RENTALS, params={"limit": 1000})).links["next"]["url"]
    page = (await customer.get(elsewhere)).json()
    assert page
    assert {rental["customer_id"] for rental in page} == {1}


async def test_an_account_without_a_customer_has_no_rentals(own_app: FastAPI, disc: int) -> None:
    async with client_of(own_app, NEWCOMER) as newcomer:
        assert await rentals(newcomer) == []
        assert await rentals(newcomer, customer_id=1) == []
        assert await total(newcomer) == 0
        for path in (OWN, f"{OWN}/rentals", f"{OWN}/payments", f"{RENTALS}/1"):
            assert (await newcomer.get(path)).status_code == 404
        assert (await newcomer.post(RENTALS, json=wish(disc, 1))).status_code == 404


async def test_customers_rent_and_return(own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int) -> None:
    rented = await customer.post(RENTALS, json=wish(disc, 1))
    assert rented.status_code == 201
    assert rented.json()["customer_id"] == 1
    returned = await customer.post(f"{RENTALS}/{rented.json()['id']}/return")
    assert (returned.status_code, returned.json()["late_fee"]) == (200, 0)
    again = await customer.post(f"{OWN}/rentals", json={"inventory_id": disc})
    assert again.status_code == 201
    assert (await own_client.get(f"{RENTALS}/{again.json()['id']}")).json()["return_date"] is None


async def test_customers_do_not_say_when_they_rented_or_returned(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    for path, body in ((RENTALS, wish(disc, 1)), (f"{OWN}/rentals", {"inventory_id": disc})):
        assert (await customer.post(path, json={**body, "rental_date": BACKDATED})).status_code == 403
    assert await rentals(own_client, inventory_id=disc) == []
    rental = (await own_client.post(RENTALS, json={**order(disc, 1), "rental_date": BACKDATED})).json()
    path = f"{RENTALS}/{rental['id']}"
    assert (await customer.post(f"{path}/return", json={"return_date": BACKDATED})).status_code == 403
    assert (await customer.put(path, json={"return_date": BACKDATED})).status_code == 403
    assert (await customer.delete(path)).status_code == 403
    assert (await own_client.get(path)).json()["return_date"] is None
    assert (await customer.post(f"{path}/return")).json()["late_fee"] > 0


async def test_customers_can_change_their_name_and_address_but_not_store_or_status(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient
) -> None:
    before = (await customer.get(OWN)).json()
    assert before["id"] == 1
    for change in ({"active": True}, {"active": False}, {"store_id": 2}, {"first_name": "Ada", "store_id": 2}):
        assert (await customer.patch(OWN, json=change)).status_code == 403
        assert (await customer.put(OWN, json=change)).status_code == 403
    assert (await own_client.get(OWN)).json() == before
    changed = await customer.patch(OWN, json={"first_name": "Ada", "email": "ada@example.org"})
    assert (changed.status_code, changed.json()["first_name"]) == (200, "Ada")


async def test_deactivated_customers_cannot_activate_themselves(
    own_client: httpx.AsyncClient, other: httpx.AsyncClient, disc: int
) -> None:
    assert (await other.post(f"{OTHER}/deactivate")).json()["active"] is False
    assert (await other.patch(OTHER, json={"active": True})).status_code == 403
    assert (await other.post(RENTALS, json=wish(disc, 2))).status_code == 409
    assert (await own_client.patch(OTHER, json={"active": True})).json()["active"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"first_name": "Eve"}),
        ("PUT", "", {"active": True}),
        ("POST", "/deactivate", None),
        ("GET", "/balance", None),
        ("GET", "/rentals", None),
        ("POST", "/rentals", {"inventory_id": 1}),
        ("GET", "/payments", None),
        ("POST", "/payments", {"staff_id": 1, "amount": 1}),
        ("GET", "/subscriptions", None),
        ("POST", "/subscriptions", {"plan_name": "Basic"}),
        ("POST", "/subscriptions/1/cancel", None),
    ],
)
async def test_other_customers_are_404_for_a_customer(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    before = (await own_client.get(OTHER)).json(), await total(own_client, customer_id=2)
    theirs = await customer.request(method, f"{OTHER}{path}", json=body)
    nobodys = await customer.request(method, f"/api/v1/customers/999999{path}", json=body)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"].replace("999999", "2")
    assert before == ((await own_client.get(OTHER)).json(), await total(own_client, customer_id=2))


async def test_rentals_of_others_are_404_for_a_customer(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    rental = (await own_client.post(RENTALS, json=order(disc, 2))).json()
    path = f"{RENTALS}/{rental['id']}"
    responses = [
        await customer.get(path),
        await customer.put(path, json={"return_date": BACKDATED}),
        await customer.delete(path),
        await customer.post(f"{path}/return"),
        await customer.post(f"{path}/return", json={"return_date": BACKDATED}),
    ]
    assert [response.status_code for response in responses] == [404] * 5
    assert {response.json()["detail"] for response in responses} == {f"Rental {rental['id']} does not exist."}
    assert (await own_client.get(path)).json() == rental


async def test_customers_cannot_rent_for_others(
    own_client: httpx.AsyncClient, customer: httpx.AsyncClient, disc: int
) -> None:
    for customer_id in (2, 999_999):
        refused = await customer.post(RENTALS, json=wish(disc, customer_id))
        assert (refused.status_code, refused.json()["detail"]) == (404, f"Customer {customer_id} does not exist.")
    assert await rentals(own_client, inventory_id=disc) == []


@pytest.mark.parametrize("first", [CUSTOMER, STAFF], ids=["customer", "staff"])
async def test_an_idempotency_key_never_returns_the_response_of_another_caller(
    own_app: FastAPI, own_client: httpx.AsyncClient, other: httpx.AsyncClient, disc: int, first: Caller
) -> None:
    keyed = {"Idempotency-Key": f"rent-{disc}"}
    async with client_of(own_app, first) as one:
        rented = await one.post(RENTALS, json=wish(disc, 1), headers=keyed)
        assert rented.status_code == 201
        assert (await one.post(RENTALS, json=wish(disc, 1), headers=keyed)).json() == rented.json()
    assert (await other.post(RENTALS, json=wish(disc, 1), headers=keyed)).status_code == 404
    path = f"{RENTALS}/{rented.json()['id']}/return"
    returning = {"Idempotency-Key": f"return-{disc}"}
    async with client_of(own_app, first) as one:
        assert (await one.post(path, headers=returning)).status_code == 200
    assert (await other.post(path, headers=returning)).status_code == 404
    # An admin may know of it: for them it is another request, which comes too late.
    assert (await own_client.post(path, headers=returning)).status_code == 409


async def test_the_longest_key_is_a_customers_too(customer: httpx.AsyncClient, disc: int) -> None:
    rented = await customer.post(RENTALS, json=wish(disc, 1), headers={"Idempotency-Key": "x" * 255})
    assert rented.status_code == 201


@pytest.mark.parametrize("caller", [STAFF, ADMIN], ids=["staff", "admin"])
async def test_the_store_sees_and_does_it_all(own_app: FastAPI, caller: Caller, disc: int) -> None:
    async with client_of(own_app, caller) as client:
        for customer_id in (1, 2):
            found = await rentals(client, customer_id=customer_id)
            assert found
            assert {rental["customer_id"] for rental in found} == {customer_id}
            for part in ("", "/rentals", "/payments", "/balance", "/subscriptions"):
                assert (await client.get(f"/api/v1/customers/{customer_id}{part}")).status_code == 200
        assert await total(client) > 16_000
        body = {**order(disc, 2), "rental_date": BACKDATED}
        rental = (await client.post(RENTALS, json=body)).json()
        assert rental["rental_date"] == BACKDATED
        assert (await client.post(f"{RENTALS}/{rental['id']}/return")).status_code == 200
