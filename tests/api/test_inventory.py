"""Inventory items: listing, creating and deleting them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.fixtures.statements import statements_of

INVENTORY = "/api/v1/inventory"
RENTALS = "/api/v1/rentals"
ALL = {"limit": 1000}


async def discs(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    response = await client.get(INVENTORY, params={"limit": 1000, **filters})
    assert response.status_code == 200, response.text
    return list(response.json())


async def added(client: httpx.AsyncClient, **command: int) -> list[dict[str, Any]]:
    response = await client.post(INVENTORY, json={"film_id": 1, "store_id": 1, **command})
    assert response.status_code == 201, response.text
    return list(response.json())


async def total(client: httpx.AsyncClient) -> int:
    response = await client.get(INVENTORY, params={"limit": 1}, headers={"Prefer": "count=exact"})
    return int(response.headers["x-total-count"])


async def test_an_inventory_item_has_its_film_and_store(client: httpx.AsyncClient) -> None:
    disc = (await discs(client))[0]
    assert set(disc) == {"id", "film_id", "film_title", "store_id", "in_stock", "last_update"}
    assert disc["film_title"] == (await client.get(f"/api/v1/films/{disc['film_id']}")).json()["title"]
    assert (await client.get(f"{INVENTORY}/{disc['id']}")).json() == disc


async def test_filters_that_are_given_must_all_fit(client: httpx.AsyncClient) -> None:
    everything = await discs(client)
    film, store = everything[0]["film_id"], everything[0]["store_id"]
    of_film = await discs(client, film_id=film)
    assert of_film == [disc for disc in everything if disc["film_id"] == film]
    in_store = (await discs(client, store_id=store))[:100]
    assert in_store == [disc for disc in everything if disc["store_id"] == store][:100]
    assert await discs(client, film_id=film, store_id=store) == [d for d in of_film if d["store_id"] == store]
    for state in (True, False):
        of_state = (await discs(client, in_stock=state))[:20]
        assert of_state == [disc for disc in everything if disc["in_stock"] is state][:20]
        both = await discs(client, film_id=film, store_id=store, in_stock=state)
        assert both == [d for d in of_film if d["store_id"] == store and d["in_stock"] is state]
    assert await discs(client, film_id=2147483647) == []


async def test_a_disc_is_in_stock_unless_a_rental_of_it_is_open(client: httpx.AsyncClient) -> None:
    rentals = (await client.get(RENTALS, params={**ALL, "active_only": True})).json()
    out = await discs(client, in_stock=False)
    assert {disc["id"] for disc in out} == {rental["inventory_id"] for rental in rentals}
    assert len(out) > 100


async def test_walking_through_the_list_meets_every_disc_once(client: httpx.AsyncClient) -> None:
    page = await client.get(INVENTORY, params={"limit": 60, "in_stock": False, "sort": "-id"})
    walked = [disc["id"] for disc in page.json()]
    while "next" in page.links:
        page = await client.get(page.links["next"]["url"])
        walked += [disc["id"] for disc in page.json()]
    assert walked == sorted((disc["id"] for disc in await discs(client, in_stock=False)), reverse=True)


@pytest.mark.parametrize(
    "query", ["film_id=0", "film_id=9223372036854775808", "store_id=x", "in_stock=maybe", "sort=title", "shop=1"]
)
async def test_an_invalid_filter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"{INVENTORY}?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", query.split("=")[0]]


async def test_copies_are_added_to_a_store(own_client: httpx.AsyncClient) -> None:
    before = await discs(own_client, film_id=1)
    response = await own_client.post(INVENTORY, json={"film_id": 1, "store_id": 2, "copies": 3})
    assert response.status_code == 201
    copies = response.json()
    assert [copy["id"] for copy in copies] == sorted({copy["id"] for copy in copies})
    assert response.headers["location"] == f"{INVENTORY}/{copies[0]['id']}"
    assert (await own_client.get(response.headers["location"])).json() == copies[0]
    assert {(c["film_id"], c["film_title"], c["store_id"], c["in_stock"]) for c in copies} == {(1, "Alien", 2, True)}
    assert await discs(own_client, film_id=1) == before + copies


async def test_one_copy_is_added_unless_more_are_asked_for(own_client: httpx.AsyncClient) -> None:
    assert len(await added(own_client)) == 1
    assert len(await added(own_client, copies=100)) == 100


@pytest.mark.parametrize(
    ("command", "field", "detail"),
    [
        ({"film_id": 2147483647, "store_id": 1}, "film_id", "There is no film 2147483647."),
        ({"film_id": 1, "store_id": 2147483647}, "store_id", "There is no store 2147483647."),
    ],
)
async def test_copies_need_a_film_and_a_store_that_exist(
    own_client: httpx.AsyncClient, command: dict[str, int], field: str, detail: str
) -> None:
    before = await total(own_client)
    response = await own_client.post(INVENTORY, json=command)
    assert response.status_code == 422
    assert response.json()["errors"] == [{"loc": ["body", field], "msg": detail, "type": "reference"}]
    assert await total(own_client) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"store_id": 1}', "film_id"),
        ('{"film_id": true, "store_id": 1}', "film_id"),
        ('{"film_id": "1", "store_id": 1}', "film_id"),
        ('{"film_id": 1.5, "store_id": 1}', "film_id"),
        ('{"film_id": 9223372036854775808, "store_id": 1}', "film_id"),
        ('{"film_id": 1, "store_id": 0}', "store_id"),
        ('{"film_id": 1, "store_id": null}', "store_id"),
        ('{"film_id": 1, "store_id": 1, "copies": 0}', "copies"),
        ('{"film_id": 1, "store_id": 1, "copies": 101}', "copies"),
        ('{"film_id": 1, "store_id": 1, "copies": true}', "copies"),
        ('{"film_id": 1, "store_id": 1, "copies": null}', "copies"),
        ('{"film_id": 1, "store_id": 1, "copies": 1e400}', "copies"),
        ('{"film_id": 1, "store_id": 1, "copies": NaN}', "copies"),
        ('{"film_id": 1, "store_id": 1, "in_stock": true}', "in_stock"),
    ],
)
async def test_an_invalid_body_adds_nothing(own_client: httpx.AsyncClient, body: str, field: str) -> None:
    before = await total(own_client)
    response = await own_client.post(INVENTORY, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", field]
    assert await total(own_client) == before


async def test_a_disc_that_was_never_rented_is_removed(own_client: httpx.AsyncClient) -> None:
    (disc,) = await added(own_client)
    path = f"{INVENTORY}/{disc['id']}"
    response = await own_client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert (await own_client.get(path)).status_code == 404
    assert (await own_client.delete(path)).status_code == 404


async def test_a_disc_that_was_rented_stays_even_when_it_is_back(own_client: httpx.AsyncClient) -> None:
    (disc,) = await added(own_client)
    path = f"{INVENTORY}/{disc['id']}"
    rental = {"inventory_id": disc["id"], "customer_id": 1, "staff_id": 1}
    lent = (await own_client.post(RENTALS, json=rental)).json()
    assert (await own_client.get(path)).json()["in_stock"] is False
    assert (await own_client.delete(path)).status_code == 409
    await own_client.post(f"{RENTALS}/{lent['id']}/return")
    response = await own_client.delete(path)
    assert response.status_code == 409
    assert response.json()["referred_by"] == "rental"
    assert (await own_client.get(path)).json() == disc


@pytest.mark.parametrize(("number", "status"), [("2147483647", 404), ("2147483648", 422), ("0", 422), ("1.5", 422)])
async def test_a_disc_that_does_not_exist(own_client: httpx.AsyncClient, number: str, status: int) -> None:
    assert (await own_client.get(f"{INVENTORY}/{number}")).status_code == status
    assert (await own_client.delete(f"{INVENTORY}/{number}")).status_code == status


async def test_a_disc_that_is_rented_meanwhile_stays_or_cannot_be_rented(own_client: httpx.AsyncClient) -> None:
    for disc in await added(own_client, copies=20):
        path = f"{INVENTORY}/{disc['id']}"
        rental = {"inventory_id": disc["id"], "customer_id": 1, "staff_id": 1}
        deleted, lent = await asyncio.gather(own_client.delete(path), own_client.post(RENTALS, json=rental))
        assert (deleted.status_code, lent.status_code) in {(204, 422), (409, 201)}
        if lent.status_code == 201:
            assert (await own_client.get(path)).json()["in_stock"] is False
        else:
            assert (await own_client.get(path)).status_code == 404
            assert lent.json()["errors"][0]["loc"] == ["body", "inventory_id"]


async def test_copies_of_a_film_that_is_deleted_meanwhile_are_refused_or_keep_it(own_client: httpx.AsyncClient) -> None:
    for turn in range(10):
        film = (await own_client.post("/api/v1/films", json={"title": f"Gone {turn}", "language_id": 1})).json()
        path, copies = f"/api/v1/films/{film['id']}", {"film_id": film["id"], "store_id": 1, "copies": 2}
        deleted, bought = await asyncio.gather(own_client.delete(path), own_client.post(INVENTORY, json=copies))
        assert (deleted.status_code, bought.status_code) in {(204, 422), (409, 201)}
        assert len(await discs(own_client, film_id=film["id"])) == (2 if bought.status_code == 201 else 0)
        if bought.status_code == 422:
            assert bought.json()["errors"][0]["loc"] == ["body", "film_id"]


async def test_of_concurrent_deletions_of_an_item_exactly_one_succeeds(own_client: httpx.AsyncClient) -> None:
    (disc,) = await added(own_client)
    responses = await asyncio.gather(*(own_client.delete(f"{INVENTORY}/{disc['id']}") for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [204] + [404] * 7


async def test_requests_take_few_queries(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    with statements_of(own_app) as sent:
        await discs(own_client, film_id=1, store_id=1, in_stock=True)
        assert len(sent) == 1
        await own_client.get(f"{INVENTORY}/1")
        assert len(sent) == 2
        await added(own_client, copies=100)
        assert len(sent) <= 2 + 4
