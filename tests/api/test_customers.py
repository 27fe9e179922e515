"""Customers, as a client of the API sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.models import Customer
from tests.fixtures.statements import statements_of

CUSTOMERS = "/api/v1/customers"
ADA: dict[str, Any] = {"store_id": 1, "first_name": "Ada", "last_name": "Byron", "address_id": 6}
NOBODY = 2147483647


async def created(client: httpx.AsyncClient, **more: object) -> str:
    """Create a customer; return its path."""
    response = await client.post(CUSTOMERS, json={**ADA, **more})
    assert response.status_code == 201, response.text
    return response.headers["location"]


async def test_a_customer_has_everything_the_contract_names(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{CUSTOMERS}/1")
    assert response.status_code == 200
    customer = response.json()
    assert list(customer) == [
        *("id", "store_id", "first_name", "last_name", "email", "address_id", "active", "create_date", "last_update")
    ]
    assert customer["email"] == f"{customer['first_name']}.{customer['last_name']}1@example.org".lower()
    assert customer["active"] is True
    assert date.fromisoformat(customer["create_date"]) < datetime.now(timezone.utc).date()
    assert customer["last_update"].endswith("Z")


async def test_a_customer_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    tag = (await client.get(f"{CUSTOMERS}/1")).headers["etag"]
    response = await client.get(f"{CUSTOMERS}/1", headers={"If-None-Match": tag})
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"search": "DUBOIS"}, lambda c: "dubois" in f"{c['last_name']} {c['email']}".lower()),
        ({"search": "ena dub"}, lambda c: "ena dub" in f"{c['first_name']} {c['last_name']}".lower()),
        ({"search": "1@example"}, lambda c: "1@example" in c["email"]),
        ({"active": "false"}, lambda c: not c["active"]),
        ({"active": "true"}, lambda c: c["active"]),
        ({"store_id": "2"}, lambda c: c["store_id"] == 2),
        ({"store_id": "2", "active": "false"}, lambda c: c["store_id"] == 2 and not c["active"]),
    ],
)
async def test_a_filter_returns_exactly_the_matching_customers(
    client: httpx.AsyncClient, params: dict[str, str], fits: Callable[[dict[str, Any]], bool]
) -> None:
    everybody = (await client.get(CUSTOMERS, params={"limit": 1000})).json()
    expected = [customer for customer in everybody if fits(customer)]
    assert 0 < len(expected) < len(everybody)
    assert (await client.get(CUSTOMERS, params={"limit": 1000, **params})).json() == expected


@pytest.mark.parametrize("search", ["%", "_", "el%na", "\\", "!", "'", "nobody at all"])
async def test_wildcards_in_a_search_are_literal(client: httpx.AsyncClient, search: str) -> None:
    response = await client.get(CUSTOMERS, params={"search": search})
    assert (response.status_code, response.json()) == (200, [])


async def test_a_customer_without_an_e_mail_address_is_found(own_client: httpx.AsyncClient) -> None:
    where = await created(own_client, first_name="Grace", last_name="Hopper-Murray")
    found = (await own_client.get(CUSTOMERS, params={"search": "ce hopper-m"})).json()
    assert found == [(await own_client.get(where)).json()]
    assert found[0]["email"] is None


@pytest.mark.parametrize("sort", ["id", "-id", "last_name", "-first_name", "create_date", "-create_date,last_name"])
async def test_the_pages_of_the_list_have_each_customer_once_and_in_order(client: httpx.AsyncClient, sort: str) -> None:
    everybody = (await client.get(CUSTOMERS, params={"limit": 1000, "sort": sort})).json()
    walked: list[dict[str, Any]] = []
    response = await client.get(CUSTOMERS, params={"limit": 150, "sort": sort})
    walked += response.json()
    while "next" in response.links:
        response = await client.get(response.links["next"]["url"])
        walked += response.json()
    assert walked == everybody
    assert len({customer["id"] for customer in walked}) == 599
    name, descends = sort.split(",")[0].lstrip("-"), sort.startswith("-")
    values = [customer[name] for customer in walked]
    assert values == sorted(values, reverse=descends)


async def test_a_new_customer_is_at_its_location_and_was_created_today(own_client: httpx.AsyncClient) -> None:
    response = await own_client.post(f"{CUSTOMERS}/", json={**ADA, "first_name": " Ada ", "email": "ada@example.org"})
    assert response.status_code == 201
    customer = response.json()
    read = await own_client.get(response.headers["location"])
    assert (read.json(), read.headers["etag"]) == (customer, response.headers["etag"])
    assert response.headers["location"] == f"{CUSTOMERS}/{customer['id']}"
    today = datetime.now(timezone.utc).date().isoformat()
    expected = {**ADA, "email": "ada@example.org", "active": True, "create_date": today}
    assert {name: customer[name] for name in expected} == expected


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_only_given_fields_change(own_client: httpx.AsyncClient, method: str) -> None:
    where = await created(own_client, email="ada@example.org")
    before = (await own_client.get(where)).json()
    changes = {"last_name": "Lovelace", "store_id": 2, "email": None}
    response = await own_client.request(method, where, json=changes)
    assert response.status_code == 200
    after = (await own_client.get(where)).json()
    assert after == response.json()
    assert after == {**before, **changes, "last_update": after["last_update"]}


async def test_an_empty_change_changes_nothing(own_client: httpx.AsyncClient) -> None:
    where = await created(own_client)
    before = (await own_client.get(where)).json()
    response = await own_client.patch(where, json={})
    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_with_an_old_etag_is_refused(own_client: httpx.AsyncClient, method: str) -> None:
    where = await created(own_client)
    seen = {"If-Match": (await own_client.get(where)).headers["etag"]}
    first = await own_client.request(method, where, json={"first_name": "Augusta"}, headers=seen)
    assert first.status_code == 200
    stale = await own_client.request(method, where, json={"first_name": "Annabella", "store_id": 77}, headers=seen)
    assert stale.status_code == 412
    assert (await own_client.get(where)).json()["first_name"] == "Augusta"
    fresh = {"If-Match": first.headers["etag"]}
    assert (await own_client.request(method, where, json={"first_name": "Anne"}, headers=fresh)).status_code == 200


async def test_of_ten_concurrent_changes_with_one_etag_exactly_one_succeeds(own_client: httpx.AsyncClient) -> None:
    where = await created(own_client)
    seen = {"If-Match": (await own_client.get(where)).headers["etag"]}
    names = [f"Ada {number}" for number in range(10)]
    responses = await asyncio.gather(
        *(own_client.patch(where, json={"first_name": name}, headers=seen) for name in names)
    )
    assert sorted(response.status_code for response in responses) == [200] + [412] * 9
    (changed,) = (response.json() for response in responses if response.status_code == 200)
    assert (await own_client.get(where)).json() == changed


async def test_deactivating_twice_is_the_same_as_once(own_client: httpx.AsyncClient) -> None:
    where = await created(own_client)
    first = await own_client.post(f"{where}/deactivate")
    second = await own_client.post(f"{where}/deactivate")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["active"] is False
    assert (second.json(), second.headers["etag"]) == (first.json(), first.headers["etag"])
    assert (await own_client.get(where)).json() == first.json()


async def test_a_deactivated_customer_can_be_activated_again(own_client: httpx.AsyncClient) -> None:
    where = await created(own_client, active=False)
    assert (await own_client.get(where)).json()["active"] is False
    assert (await own_client.patch(where, json={"active": True})).json()["active"] is True
    assert (await own_client.get(where)).json()["active"] is True


@pytest.mark.parametrize(
    ("activebool", "active", "may_rent"),
    [(True, 1, True), (True, None, True), (True, 0, False), (False, 1, False), (False, None, False)],
)
async def test_a_customer_is_inactive_if_either_of_pagilas_columns_says_so(
    own_app: FastAPI, own_client: httpx.AsyncClient, activebool: bool, active: int | None, may_rent: bool
) -> None:
    where = await created(own_client, last_name=f"Of {activebool} {active}")
    this = col(Customer.customer_id) == int(where.rsplit("/", 1)[1])
    async with own_app.state.database.writing() as connection:
        await connection.execute(sa.update(Customer).where(this).values(activebool=activebool, active=active))
    customer = (await own_client.get(where)).json()
    assert customer["active"] is may_rent
    params = {"search": customer["last_name"], "active": str(may_rent)}
    assert (await own_client.get(CUSTOMERS, params=params)).json() == [customer]
    await own_client.patch(where, json={"active": not may_rent})
    async with own_app.state.database.reading() as connection:
        row = (await connection.execute(sa.select(col(Customer.activebool), col(Customer.active)).where(this))).one()
    assert tuple(row) == (not may_rent, int(not may_rent))


async def test_a_page_is_one_query(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    with statements_of(own_app) as statements:
        await own_client.get(CUSTOMERS, params={"search": "a", "sort": "last_name", "limit": 50})
    assert len(statements) == 1


@pytest.mark.parametrize(
    "email", ["ada", "@", "ada@", "@example.org", "a da@example.org", "a@b@c", "a@b\nc", "a\x00@b", "a@" + "b" * 254, 5]
)
async def test_an_invalid_e_mail_address_is_refused(own_client: httpx.AsyncClient, email: object) -> None:
    response = await own_client.post(CUSTOMERS, json={**ADA, "email": email})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "email"]


@pytest.mark.parametrize("email", ["a@b", "ada+films@example.org", "žofie@příklad.cz", "a@" + "b" * 253])
async def test_unusual_e_mail_addresses_are_kept_as_they_are(own_client: httpx.AsyncClient, email: str) -> None:
    where = await created(own_client, email=email)
    assert (await own_client.get(where)).json()["email"] == email


@pytest.mark.parametrize("field", ["store_id", "address_id"])
async def test_a_reference_to_nothing_is_named(own_client: httpx.AsyncClient, field: str) -> None:
    where = await created(own_client)
    for response in (
        await own_client.post(CUSTOMERS, json={**ADA, field: NOBODY}),
        await own_client.patch(where, json={field: NOBODY}),
    ):
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["loc"], error["type"]) == (["body", field], "reference")
    assert (await own_client.get(where)).json()[field] == ADA[field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({field: None}, field) for field in ("store_id", "first_name", "last_name", "address_id", "active")),
        *(({"store_id": value}, "store_id") for value in (0, -1, 2**31, 2**63, "1", 1.5, True)),
        *(({"first_name": value}, "first_name") for value in ("", " \t", "\u00a0", "a\x00", "a" * 256, 5, ["Ada"])),
        *(({"active": value}, "active") for value in (0, 1, "true")),
        ({"create_date": "2026-01-01"}, "create_date"),
        ({"id": 5}, "id"),
    ],
)
async def test_an_invalid_body_is_422_and_names_the_field(
    own_client: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    for response in (
        await own_client.post(CUSTOMERS, json={**ADA, **change}),
        await own_client.patch(f"{CUSTOMERS}/1", json=change),
    ):
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", field]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"store_id": NOBODY}),
        ("PATCH", "", {}),
        ("POST", "/deactivate", None),
    ],
)
async def test_an_unknown_customer_is_404(
    own_client: httpx.AsyncClient, method: str, path: str, body: dict[str, object] | None
) -> None:
    response = await own_client.request(method, f"{CUSTOMERS}/{NOBODY}{path}", json=body)
    assert response.status_code == 404
    assert response.json()["detail"] == f"Customer {NOBODY} does not exist."


@pytest.mark.parametrize(
    "query",
    ["search=", "search=%00", "active=perhaps", "store_id=0", "store_id=x", "sort=email", "cursor=!", "name=ada"],
)
async def test_an_unknown_query_parameter_is_422(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"{CUSTOMERS}?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", query.partition("=")[0]]
