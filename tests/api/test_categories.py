"""Categories: creating, renaming and deleting them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.fixtures.statements import statements_of

CATEGORIES = "/api/v1/categories"
FILMS = "/api/v1/films"
HORROR = 11


async def created(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    response = await client.post(CATEGORIES, json={"name": name})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def names(client: httpx.AsyncClient, part: str) -> list[str]:
    found = await client.get(CATEGORIES, params={"name": part, "limit": 1000})
    return [category["name"] for category in found.json()]


@pytest.mark.parametrize("part", ["horr", "ORRO", " Horror "])
async def test_part_of_a_name_in_any_case_finds_it(client: httpx.AsyncClient, part: str) -> None:
    assert await names(client, part) == ["Horror"]


@pytest.mark.parametrize("part", ["%", "_", "!", "Sci_Fi"])
async def test_wildcards_are_literal(client: httpx.AsyncClient, part: str) -> None:
    assert await names(client, part) == []


async def test_a_new_category_is_at_its_location(own_client: httpx.AsyncClient) -> None:
    response = await own_client.post(CATEGORIES, json={"name": "  Film Noir "})
    assert response.status_code == 201
    category = response.json()
    assert response.headers["location"] == f"{CATEGORIES}/{category['id']}"
    assert set(category) == {"id", "name", "film_count", "last_update"}
    assert (category["name"], category["film_count"]) == ("Film Noir", 0)
    assert category["last_update"].endswith("Z")
    assert (await own_client.get(response.headers["location"])).json() == category
    assert await names(own_client, "noir") == ["Film Noir"]


@pytest.mark.parametrize("name", ["Horror", "HORROR", " horror "])
async def test_a_name_that_is_taken_is_refused(own_client: httpx.AsyncClient, name: str) -> None:
    response = await own_client.post(CATEGORIES, json={"name": name})
    assert response.status_code == 409
    assert response.json()["detail"] == f"Category {HORROR} already has this name."
    assert await names(own_client, "horror") == ["Horror"]


async def test_a_category_is_renamed_and_keeps_its_films(own_client: httpx.AsyncClient, server: str | None) -> None:
    before = (await own_client.get(f"{CATEGORIES}/{HORROR}")).json()
    response = await own_client.put(f"{CATEGORIES}/{HORROR}", json={"name": "Terror"})
    assert response.status_code == 200
    after = response.json()
    assert after == {**before, "name": "Terror", "last_update": after["last_update"]}
    # SQLite's clock has seconds only.
    assert server is None or after["last_update"] > before["last_update"]
    assert (await own_client.get(f"{CATEGORIES}/{HORROR}")).json() == after
    assert "Terror" in (await own_client.get(f"{FILMS}/1")).json()["categories"]
    # The old name is free now, and in another case it is still one's own.
    assert (await own_client.put(f"{CATEGORIES}/{HORROR}", json={"name": "horror"})).status_code == 200
    assert (await own_client.put(f"{CATEGORIES}/{HORROR}", json={"name": "Horror"})).json()["name"] == "Horror"


async def test_a_category_cannot_take_the_name_of_another(own_client: httpx.AsyncClient) -> None:
    response = await own_client.put(f"{CATEGORIES}/1", json={"name": "hORROR"})
    assert response.status_code == 409
    assert response.json()["detail"] == f"Category {HORROR} already has this name."
    assert (await own_client.get(f"{CATEGORIES}/1")).json()["name"] == "Action"


async def test_a_category_without_films_is_removed(own_client: httpx.AsyncClient) -> None:
    path = f"{CATEGORIES}/{(await created(own_client, 'Opera'))['id']}"
    response = await own_client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert (await own_client.get(path)).status_code == 404
    assert (await own_client.delete(path)).status_code == 404
    assert await names(own_client, "opera") == []


async def test_a_category_with_films_stays(own_client: httpx.AsyncClient) -> None:
    before = (await own_client.get(f"{CATEGORIES}/{HORROR}")).json()
    response = await own_client.delete(f"{CATEGORIES}/{HORROR}")
    assert response.status_code == 409
    assert response.json()["detail"] == "This record cannot be deleted: film records refer to it."
    assert (await own_client.get(f"{CATEGORIES}/{HORROR}")).json() == before


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ("{}", ["body", "name"]),
        ('{"name": null}', ["body", "name"]),
        ('{"name": ""}', ["body", "name"]),
        ('{"name": " \\t\\u3000"}', ["body", "name"]),
        ('{"name": "a\\u0000b"}', ["body", "name"]),
        ('{"name": "a\\ud800b"}', ["body", "name"]),
        ('{"name": 1}', ["body", "name"]),
        ('{"name": true}', ["body", "name"]),
        ('{"name": ["Opera"]}', ["body", "name"]),
        (f'{{"name": "{"x" * 256}"}}', ["body", "name"]),
        ('{"name": "Opera", "id": 99}', ["body", "id"]),
        ("[]", ["body"]),
        ("", ["body"]),
    ],
)
async def test_an_invalid_body_changes_nothing(own_client: httpx.AsyncClient, body: str, location: list[str]) -> None:
    before = (await own_client.get(CATEGORIES)).json()
    for method, path in (("POST", CATEGORIES), ("PUT", f"{CATEGORIES}/1")):
        response = await own_client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == location
    assert (await own_client.get(CATEGORIES)).json() == before


async def test_a_name_may_have_255_characters_of_any_script(own_client: httpx.AsyncClient) -> None:
    name = "é漢😀" * 85
    category = await created(own_client, name)
    assert (await own_client.get(f"{CATEGORIES}/{category['id']}")).json()["name"] == name


@pytest.mark.parametrize(("number", "status"), [("2147483647", 404), ("2147483648", 422), ("0", 422), ("x", 422)])
async def test_an_unknown_category_cannot_be_changed(own_client: httpx.AsyncClient, number: str, status: int) -> None:
    assert (await own_client.put(f"{CATEGORIES}/{number}", json={"name": "Opera"})).status_code == status
    assert (await own_client.delete(f"{CATEGORIES}/{number}")).status_code == status


async def test_of_concurrent_creations_of_a_name_exactly_one_succeeds(own_client: httpx.AsyncClient) -> None:
    for turn in range(5):
        wanted = [f"Western {turn}", f"WESTERN {turn}", f"western {turn}", f" Western {turn}"] * 3
        responses = await asyncio.gather(*(own_client.post(CATEGORIES, json={"name": name}) for name in wanted))
        assert Counter(response.status_code for response in responses) == {201: 1, 409: len(wanted) - 1}
        assert len(await names(own_client, f"western {turn}")) == 1


async def test_of_concurrent_changes_to_a_name_exactly_one_succeeds(own_client: httpx.AsyncClient) -> None:
    numbers = [(await created(own_client, f"Silent {number}"))["id"] for number in range(10)]
    responses = await asyncio.gather(
        *(own_client.put(f"{CATEGORIES}/{number}", json={"name": "Epic"}) for number in numbers)
    )
    assert Counter(response.status_code for response in responses) == {200: 1, 409: 9}
    assert await names(own_client, "epic") == ["Epic"]


async def test_a_category_that_a_film_is_put_into_meanwhile_is_either_there_or_the_film_is_not(
    own_client: httpx.AsyncClient,
) -> None:
    for turn in range(10):
        category = await created(own_client, f"Brief {turn}")
        film = {"title": f"Brief Encounter {turn}", "language_id": 1, "category_ids": [category["id"]]}
        path = f"{CATEGORIES}/{category['id']}"
        calls = [own_client.delete(path), own_client.post(FILMS, json=film)]
        deleted, added = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        deleted, added = (deleted, added) if turn % 2 else (added, deleted)
        assert (deleted.status_code, added.status_code) in {(204, 422), (409, 201)}
        if added.status_code == 201:
            assert deleted.json()["referred_by"] == "film"
            assert (await own_client.get(path)).json()["film_count"] == 1
        else:
            assert (await own_client.get(path)).status_code == 404
            assert (await own_client.get(FILMS, params={"title": f"Encounter {turn}"})).json() == []


async def test_requests_take_few_queries(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    with statements_of(own_app) as sent:
        await own_client.get(CATEGORIES, params={"name": "o", "sort": "-name"})
        assert len(sent) == 1
        await own_client.get(f"{CATEGORIES}/1")
        assert len(sent) == 2
        await created(own_client, "Mystery")
        assert len(sent) <= 2 + 4
