"""Lists of rentals: filters, pagination and the number of queries."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.fixtures.statements import statements_of

RENTALS = "/api/v1/rentals"
TOTAL, OPEN = 16_044, 183


async def rentals(client: httpx.AsyncClient, **params: int | str) -> list[dict[str, Any]]:
    response = await client.get(RENTALS, params={"limit": 1000, **params})
    assert response.status_code == 200
    return list(response.json())


async def counted(client: httpx.AsyncClient, **params: int | str) -> int:
    response = await client.get(RENTALS, params={"limit": 1, **params}, headers={"Prefer": "count=exact"})
    return int(response.headers["x-total-count"])


def at(text: str | None) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else datetime.now(timezone.utc)


async def test_only_open_rentals_when_asked(client: httpx.AsyncClient) -> None:
    found = await rentals(client, active_only=True)
    assert len(found) == OPEN
    assert all(rental["return_date"] is None for rental in found)
    assert await counted(client, active_only=False) == TOTAL


async def test_overdue_is_open_and_past_due_or_returned_after_it(client: httpx.AsyncClient) -> None:
    for overdue in (True, False):
        found = await rentals(client, overdue=overdue)
        assert len(found) == 1000
        assert all(rental["is_overdue"] is overdue for rental in found)
        assert all((at(rental["return_date"]) > at(rental["due_date"])) is overdue for rental in found)
    assert await counted(client, overdue=True) + await counted(client, overdue=False) == TOTAL


@pytest.mark.parametrize("field", ["customer_id", "film_id", "inventory_id"])
async def test_rentals_can_be_filtered_by_each_field(client: httpx.AsyncClient, field: str) -> None:
    found = await rentals(client, **{field: 5})
    assert found
    assert all(rental[field] == 5 for rental in found)
    assert len(found) == await counted(client, **{field: 5})


async def test_a_customers_rentals_are_those_of_the_customer(client: httpx.AsyncClient) -> None:
    own = (await client.get("/api/v1/customers/5/rentals", params={"limit": 1000})).json()
    assert own == await rentals(client, customer_id=5)
    late = (await client.get("/api/v1/customers/5/rentals", params={"limit": 1000, "overdue": True})).json()
    assert late == [rental for rental in own if rental["is_overdue"]]


async def test_another_customer_cannot_be_asked_for_on_the_way(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/customers/5/rentals", params={"customer_id": 6})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "customer_id"]


@pytest.mark.parametrize("sort", ["id", "-id", "rental_date", "-rental_date"])
async def test_following_the_links_meets_every_rental_once(client: httpx.AsyncClient, sort: str) -> None:
    url, seen = f"{RENTALS}?limit=1000&sort={sort}", []
    while url:
        response = await client.get(url)
        seen += response.json()
        previous = response.links.get("prev")
        url = response.links.get("next", {}).get("url", "")
    key = sort.lstrip("-")
    assert len({rental["id"] for rental in seen}) == len(seen) == TOTAL
    assert [r[key] for r in seen] == sorted((r[key] for r in seen), reverse=sort.startswith("-"))
    assert previous
    back = (await client.get(previous["url"])).json()
    assert [r["id"] for r in back] == [r["id"] for r in seen][-len((response).json()) - 1000 : -len(response.json())]


@pytest.mark.parametrize(
    ("path", "counted", "queries"),
    [
        ("/api/v1/rentals/1", False, 1),
        (f"{RENTALS}?limit=1000", False, 1),
        (f"{RENTALS}?overdue=true&active_only=true", True, 2),
        ("/api/v1/customers/5/rentals", False, 1),
        ("/api/v1/customers/5/rentals", True, 2),
    ],
)
async def test_a_request_takes_this_number_of_queries(
    app: FastAPI, client: httpx.AsyncClient, path: str, counted: bool, queries: int
) -> None:
    with statements_of(app) as sent:
        response = await client.get(path, headers={"Prefer": "count=exact"} if counted else {})
    assert response.status_code == 200
    assert len(sent) == queries, sent
