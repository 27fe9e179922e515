"""Creating, changing and deleting films, also concurrently, and their availability."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from itertools import count
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Film, metadata
from tests.fixtures.statements import statements_of

FILMS = "/api/v1/films"
JSON = {"content-type": "application/json"}
_numbers = count(1)

FULL: dict[str, Any] = {
    "title": "Amélie 😀",
    "description": "A waitress\nchanges lives.",
    "release_year": 2001,
    "language_id": 1,
    "original_language_id": 2,
    "rental_duration": 7,
    "rental_rate": 2.99,
    "length": 122,
    "replacement_cost": 24.5,
    "rating": "R",
    "special_features": ["Trailers", "Deleted Scenes"],
    "streaming_available": True,
}


async def new_film(client: httpx.AsyncClient, **members: object) -> httpx.Response:
    """Create a film with a unique title; return the response."""
    response = await client.post(FILMS, json={"title": f"Film {next(_numbers)}", "language_id": 1, **members})
    assert response.status_code == 201, response.text
    return response


async def at_once(client: httpx.AsyncClient, method: str, path: str, *requests: dict[str, Any]) -> list[httpx.Response]:
    """Return the responses to concurrent requests. Connections are opened before, so that the requests overlap."""
    await asyncio.gather(*(client.get(path) for _ in requests))
    return await asyncio.gather(*(client.request(method, path, **request) for request in requests))


async def number_of_films(client: httpx.AsyncClient) -> str:
    return (await client.get(f"{FILMS}?limit=1", headers={"Prefer": "count=exact"})).headers["X-Total-Count"]


async def test_a_new_film_has_what_it_was_given(own_client: httpx.AsyncClient) -> None:
    response = await new_film(own_client, **FULL, category_ids=[14, 7], actor_ids=[3, 1])
    film = response.json()
    assert {name: film[name] for name in FULL} == FULL
    alien = (await own_client.get(f"{FILMS}/1")).json()
    assert film["actors"] == [alien["actors"][0], alien["actors"][2]]
    named = {category["id"]: category["name"] for category in (await own_client.get("/api/v1/categories")).json()}
    assert film["categories"] == sorted([named[7], named[14]])
    assert response.headers["Location"] == f"{FILMS}/{film['id']}"
    read = await own_client.get(response.headers["Location"])
    assert read.json() == film
    assert read.headers["ETag"] == response.headers["ETag"]


async def test_unset_fields_of_a_new_film_have_pagilas_defaults(own_client: httpx.AsyncClient) -> None:
    film = (await new_film(own_client, title="  Bare \t")).json()
    expected: dict[str, Any] = {
        "title": "Bare",
        "description": None,
        "release_year": None,
        "length": None,
        "language_id": 1,
        "language": "English",
        "original_language_id": None,
        "rental_duration": 3,
        "rental_rate": 4.99,
        "replacement_cost": 19.99,
        "rating": "G",
        "special_features": [],
        "streaming_available": False,
        "categories": [],
        "actors": [],
    }
    assert {name: film[name] for name in expected} == expected


@pytest.mark.parametrize(
    "members",
    [
        {"title": "x" * 255, "release_year": 1901, "length": 1, "rental_duration": 1, "rental_rate": 0.01},
        {"title": "x", "release_year": 2155, "length": 32767, "rental_duration": 365, "rental_rate": 99.99},
        {"replacement_cost": 0.01, "description": "", "special_features": []},
        {"replacement_cost": 999.99, "description": "x" * 20_000, "rating": None},
        {"rental_rate": 10, "replacement_cost": 0.1, "release_year": 1999.0},
    ],
)
async def test_the_bounds_of_fields_are_inclusive(own_client: httpx.AsyncClient, members: dict[str, Any]) -> None:
    film = (await new_film(own_client, **members)).json()
    assert {name: film[name] for name in members} == members


WRONG = {
    "title": ["null", "1", '""', '"  "', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\u00a0\\ufeff"', f'"{"x" * 256}"'],
    "description": ["1", '"\\u0000"', '"\\ud800"', f'"{"x" * 20_001}"'],
    "release_year": ["1900", "2156", "2001.5", '"2001"', "true", "NaN", str(2**63)],
    "language_id": ["null", "0", "-1", "2147483648", "true", '"1"'],
    "original_language_id": ["0", str(2**63)],
    "rental_duration": ["null", "0", "366", "3.5", "true"],
    "rental_rate": [
        "null",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1.005",
        "0",
        "-0",
        "0.001",
        "100",
        '"2.99"',
        "true",
    ],
    "replacement_cost": ["null", "1000", "999.999", str(2**63), "[]"],
    "length": ["0", "-0", "32768", "true", '"90"', str(2**63)],
    "rating": ['"g"', '"X"', '""', "1"],
    "special_features": ['"Trailers"', "{}", str(["x"] * 51).replace("'", '"')],
    "streaming_available": ["null", "1", '"true"'],
    "category_ids": ["null", "1", "[1, 2, 1]", str([*range(1, 52)])],
    "actor_ids": ["null", "{}", "[7, 7]", str([*range(1, 202)])],
    "colour": ["1"],
    "id": ["1"],
    "last_update": ["null"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
async def test_a_wrong_member_is_422_and_changes_nothing(own_client: httpx.AsyncClient, name: str, value: str) -> None:
    before = await own_client.get(f"{FILMS}/2")
    rest = "".join(f'"{other}": {good}, ' for other, good in (("title", '"T"'), ("language_id", 1)) if other != name)
    body = f'{{{rest}"{name}": {value}}}'
    for method, path in (("POST", FILMS), ("PUT", f"{FILMS}/2"), ("PATCH", f"{FILMS}/2")):
        response = await own_client.request(method, path, content=body, headers=JSON)
        assert response.status_code == 422
        assert [error["loc"] for error in response.json()["errors"]] == [["body", name]]
    assert (await own_client.get(f"{FILMS}/2")).json() == before.json()


@pytest.mark.parametrize("name", ["special_features", "category_ids", "actor_ids"])
async def test_a_wrong_item_of_a_list_is_named_by_its_place(own_client: httpx.AsyncClient, name: str) -> None:
    items = ["Trailers", " "] if name == "special_features" else [1, 0]
    response = await own_client.patch(f"{FILMS}/2", json={name: items})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", name, 1]


@pytest.mark.parametrize("missing", ["title", "language_id"])
async def test_a_new_film_needs_a_title_and_a_language(own_client: httpx.AsyncClient, missing: str) -> None:
    body = {"title": "x", "language_id": 1}
    del body[missing]
    response = await own_client.post(FILMS, json=body)
    assert response.status_code == 422
    assert response.json()["errors"] == [{"loc": ["body", missing], "msg": "Field required", "type": "missing"}]


@pytest.mark.parametrize(
    ("references", "field", "told"),
    [
        ({"language_id": 77}, "language_id", "language 77"),
        ({"original_language_id": 2147483647}, "original_language_id", "original language 2147483647"),
        ({"category_ids": [1, 99, 2, 98]}, "category_ids", "category 99, 98"),
        ({"actor_ids": [*range(1, 100), 2147483647]}, "actor_ids", "actor 2147483647"),
        ({"language_id": 1, "actor_ids": [99999], "category_ids": []}, "actor_ids", "actor 99999"),
    ],
)
async def test_the_records_that_a_film_refers_to_must_exist(
    own_client: httpx.AsyncClient, own_app: FastAPI, references: dict[str, Any], field: str, told: str
) -> None:
    before, films = await own_client.get(f"{FILMS}/2"), await number_of_films(own_client)
    for method, path in (("POST", FILMS), ("PATCH", f"{FILMS}/2")):
        with statements_of(own_app) as sent:
            response = await own_client.request(method, path, json={"title": "x", "language_id": 1, **references})
        assert response.status_code == 422
        problem = {"loc": ["body", field], "msg": f"There is no {told}.", "type": "reference"}
        assert response.json()["errors"] == [problem]
        assert len([statement for statement in sent if "UNION ALL" in statement]) == 1
    assert (await own_client.get(f"{FILMS}/2")).json() == before.json()
    assert await number_of_films(own_client) == films


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_changes_the_fields_given_and_no_others(own_client: httpx.AsyncClient, method: str) -> None:
    created = await new_film(own_client, **FULL, category_ids=[1, 2], actor_ids=[1, 2])
    path, before = created.headers["Location"], created.json()
    changes = {"title": "Other", "rental_rate": 0.99, "length": None, "streaming_available": False}
    response = await own_client.request(method, path, json=changes)
    assert response.status_code == 200
    assert response.json() == {**before, **changes, "last_update": response.json()["last_update"]}
    read = await own_client.get(path)
    assert read.json() == response.json()
    assert read.headers["ETag"] == response.headers["ETag"] != created.headers["ETag"]


async def test_null_clears_nullable_fields(own_client: httpx.AsyncClient) -> None:
    created = await new_film(own_client, **FULL)
    names = ("description", "release_year", "original_language_id", "length", "rating", "special_features")
    response = await own_client.patch(created.headers["Location"], json=dict.fromkeys(names))
    emptied: dict[str, Any] = {**dict.fromkeys(names), "special_features": []}
    assert {name: response.json()[name] for name in names} == emptied
    assert (await own_client.get(created.headers["Location"])).json() == response.json()


async def test_categories_and_actors_are_replaced_by_those_given(own_client: httpx.AsyncClient) -> None:
    created = await new_film(own_client, category_ids=[1, 2, 3], actor_ids=[1, 2])
    path, before = created.headers["Location"], created.json()
    changed = (await own_client.patch(path, json={"category_ids": [3, 4]})).json()
    assert changed["categories"] == ["Children", "Classics"]
    assert changed["actors"] == before["actors"]
    emptied = (await own_client.patch(path, json={"category_ids": [], "actor_ids": [2]})).json()
    assert (emptied["categories"], emptied["actors"]) == ([], before["actors"][1:])


async def test_an_empty_patch_leaves_last_update_unchanged(own_client: httpx.AsyncClient) -> None:
    created = await new_film(own_client)
    response = await own_client.patch(created.headers["Location"], json={})
    assert (response.status_code, response.json()) == (200, created.json())


async def test_a_change_of_links_alone_sets_last_update(own_client: httpx.AsyncClient, own_app: FastAPI) -> None:
    film = metadata.tables["film"]
    old = {"title": "Old", "language_id": 1, "last_update": datetime(2020, 1, 1, tzinfo=timezone.utc)}

    async def work(connection: AsyncConnection) -> int:
        return int(await connection.scalar(sa.insert(film).values(old).returning(film.c.film_id)) or 0)

    path = f"{FILMS}/{await own_app.state.database.transaction(work)}"
    assert (await own_client.get(path)).json()["last_update"] == "2020-01-01T00:00:00Z"
    changed = (await own_client.patch(path, json={"actor_ids": [1]})).json()
    assert datetime.fromisoformat(changed["last_update"].replace("Z", "+00:00")).year >= 2026


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_film_is_not_changed_with_an_old_etag(own_client: httpx.AsyncClient, method: str) -> None:
    created = await new_film(own_client, actor_ids=[1])
    path, seen = created.headers["Location"], created.headers["ETag"]
    present = await own_client.patch(path, json={"actor_ids": [2]}, headers={"If-Match": seen})
    assert present.status_code == 200
    body = None if method == "DELETE" else {"title": "Mine"}
    for tag in (seen, f"W/{present.headers['ETag']}", "nonsense"):
        response = await own_client.request(method, path, json=body, headers={"If-Match": tag})
        assert response.status_code == 412
        assert (await own_client.get(path)).json() == present.json()
    both = f'"other", {present.headers["ETag"]}'
    response = await own_client.request(method, path, json=body, headers={"If-Match": both})
    assert response.status_code == (204 if method == "DELETE" else 200)


async def test_of_twenty_concurrent_changes_with_one_etag_one_succeeds(own_client: httpx.AsyncClient) -> None:
    created = await new_film(own_client)
    path, headers = created.headers["Location"], {"If-Match": created.headers["ETag"]}
    bodies = [{"title": f"Title {number}", "category_ids": [number % 16 + 1]} for number in range(20)]
    responses = await at_once(own_client, "PATCH", path, *({"json": body, "headers": headers} for body in bodies))
    assert sorted(response.status_code for response in responses) == [200, *[412] * 19]
    (winner,) = (response for response in responses if response.status_code == 200)
    assert (await own_client.get(path)).json() == winner.json()
    assert (await own_client.get(path)).headers["ETag"] == winner.headers["ETag"]


async def test_twenty_concurrent_replacements_of_links_all_succeed_in_turn(
    own_client: httpx.AsyncClient,
) -> None:
    path = (await new_film(own_client, actor_ids=[1, 2, 3])).headers["Location"]
    bodies = [{"actor_ids": [number % 3 + 1, number % 3 + 2]} for number in range(20)]
    responses = await at_once(own_client, "PATCH", path, *({"json": body} for body in bodies))
    assert [response.status_code for response in responses] == [200] * 20
    assert all(len(response.json()["actors"]) == 2 for response in responses)
    assert len((await own_client.get(path)).json()["actors"]) == 2


async def test_a_film_goes_with_its_links(own_client: httpx.AsyncClient) -> None:
    path = (await new_film(own_client, category_ids=[5], actor_ids=[1])).headers["Location"]
    with_it = (await own_client.get("/api/v1/categories/5")).json()["film_count"]
    response = await own_client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert (await own_client.get("/api/v1/categories/5")).json()["film_count"] == with_it - 1
    for method in ("GET", "DELETE"):
        assert (await own_client.request(method, path)).status_code == 404


async def test_of_concurrent_deletions_of_a_film_one_succeeds(own_client: httpx.AsyncClient) -> None:
    path = (await new_film(own_client, category_ids=[5], actor_ids=[1])).headers["Location"]
    responses = await at_once(own_client, "DELETE", path, {}, {}, {}, {}, {})
    assert sorted(response.status_code for response in responses) == [204, 404, 404, 404, 404]


async def test_a_film_with_inventory_items_cannot_be_deleted(own_client: httpx.AsyncClient) -> None:
    before = (await own_client.get(f"{FILMS}/1")).json()
    response = await own_client.delete(f"{FILMS}/1")
    assert response.status_code == 409
    problem = response.json()
    assert problem["detail"] == "This record cannot be deleted: inventory records refer to it."
    assert problem["referred_by"] == "inventory"
    assert (await own_client.get(f"{FILMS}/1")).json() == before


@pytest.mark.parametrize("number", [2147483647, 0, 2147483648])
async def test_a_film_that_there_is_not_cannot_be_changed(own_client: httpx.AsyncClient, number: int) -> None:
    status = 404 if number == 2147483647 else 422
    for method, body in (("PUT", {}), ("PATCH", {"language_id": 99}), ("DELETE", None)):
        response = await own_client.request(method, f"{FILMS}/{number}", json=body, headers={"If-Match": "*"})
        assert response.status_code == status


async def add_disc(app: FastAPI, film_id: int, store_id: int, *rentals: tuple[datetime, datetime | None]) -> None:
    """Add a disc with these rentals, each with its start and end, or None if it is open."""
    tables = metadata.tables

    async def work(connection: AsyncConnection) -> None:
        insert = sa.insert(tables["inventory"]).values(film_id=film_id, store_id=store_id)
        disc = await connection.scalar(insert.returning(tables["inventory"].c.inventory_id))
        for rented, returned in rentals:
            values = {"inventory_id": disc, "customer_id": 1, "staff_id": 1}
            values |= {"rental_date": rented, "return_date": returned}
            await connection.execute(sa.insert(tables["rental"]).values(values))

    await app.state.database.transaction(work)


def on(day: int) -> datetime:
    return datetime(2026, 3, day, 10, 30, tzinfo=timezone.utc)


async def available(client: httpx.AsyncClient, film_id: int) -> dict[str, Any]:
    return dict((await client.get(f"{FILMS}/{film_id}/availability")).json())


async def test_availability_has_the_discs_in_each_store_and_the_earliest_due_date(
    own_client: httpx.AsyncClient, own_app: FastAPI
) -> None:
    created = await own_client.post(FILMS, json={"title": "Rare", "language_id": 1, "rental_duration": 5})
    number = created.json()["id"]
    none = {"film_id": number, "in_stock": False, "copies_in_stock": 0}
    assert await available(own_client, number) == {**none, "copies": 0, "stores": [], "earliest_due_date": None}

    await add_disc(own_app, number, 2, (on(1), on(2)), (on(10), None))
    await add_disc(own_app, number, 2, (on(7), None))
    await add_disc(own_app, number, 1, (on(8), None))
    assert await available(own_client, number) == {
        **none,
        "copies": 3,
        "stores": [{"store_id": 1, "copies": 1, "in_stock": 0}, {"store_id": 2, "copies": 2, "in_stock": 0}],
        "earliest_due_date": "2026-03-12T10:30:00Z",
    }

    await add_disc(own_app, number, 2, (on(3), on(4)))
    assert await available(own_client, number) == {
        "film_id": number,
        "in_stock": True,
        "copies": 4,
        "copies_in_stock": 1,
        "stores": [{"store_id": 1, "copies": 1, "in_stock": 0}, {"store_id": 2, "copies": 3, "in_stock": 1}],
        "earliest_due_date": None,
    }


async def test_the_availability_of_an_unknown_film_is_404(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{FILMS}/2147483647/availability")
    assert response.status_code == 404
    assert response.json()["detail"] == "Film 2147483647 does not exist."


async def test_writing_costs_as_many_queries_for_one_link_as_for_ten(
    own_client: httpx.AsyncClient, own_app: FastAPI
) -> None:
    costs = []
    for several in ([1], [*range(1, 11)]):
        body = {"title": "Linked", "language_id": 1, "category_ids": several, "actor_ids": several}
        with statements_of(own_app) as sent:
            created = await own_client.post(FILMS, json=body)
            await own_client.patch(created.headers["Location"], json=body)
        costs.append([statement.split()[0] for statement in sent])
    assert costs[0] == costs[1]
    assert len(costs[0]) <= 15


async def test_a_film_of_an_older_store_is_read_whatever_requests_may_send(
    own_app: FastAPI, own_client: httpx.AsyncClient
) -> None:
    old = {
        "title": " ",
        "language_id": 1,
        "rental_duration": 0,
        "rental_rate": 0,
        "length": -1,
        "special_features": [""],
    }

    async def insert(connection: AsyncConnection) -> int:
        return int(await connection.scalar(sa.insert(Film).returning(col(Film.film_id)), old) or 0)

    film_id = await own_app.state.database.transaction(insert)
    film = (await own_client.get(f"{FILMS}/{film_id}")).json()
    assert {name: film[name] for name in old} == old
    (listed,) = (await own_client.get(FILMS, params={"sort": "-id", "limit": 1})).json()
    assert listed["length"] == -1
    assert "-1" in (await own_client.get(f"{FILMS}/export")).text.splitlines()[-1]
