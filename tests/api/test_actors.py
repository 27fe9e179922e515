"""Actors: reading, creating, renaming and deleting them, and their films."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.fixtures.statements import statements_of

ACTORS_PATH = "/api/v1/actors"
FILMS = "/api/v1/films"
GARBO = {"first_name": "Greta", "last_name": "Garbo"}


async def created(client: httpx.AsyncClient, **name: str) -> dict[str, Any]:
    response = await client.post(ACTORS_PATH, json={**GARBO, **name})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def named(client: httpx.AsyncClient, part: str) -> list[str]:
    found = (await client.get(ACTORS_PATH, params={"name": part, "limit": 1000})).json()
    return [f"{actor['first_name']} {actor['last_name']}" for actor in found]


@pytest.mark.parametrize("part", ["sigourney", "WEAVER", "ney wea", "Sigourney Weaver"])
async def test_an_actor_is_found_by_part_of_the_full_name_in_any_case(client: httpx.AsyncClient, part: str) -> None:
    assert await named(client, part) == ["Sigourney Weaver"]


@pytest.mark.parametrize("part", ["%", "_igourney", "SigourneyWeaver", "Weaver Sigourney"])
async def test_a_text_that_no_name_contains_finds_no_actor(client: httpx.AsyncClient, part: str) -> None:
    assert await named(client, part) == []


@pytest.mark.parametrize("sort", ["last_name", "-last_name", "first_name", "-first_name,last_name", "-id"])
async def test_every_order_walks_through_all_actors_once(client: httpx.AsyncClient, sort: str) -> None:
    everybody = (await client.get(ACTORS_PATH, params={"sort": sort, "limit": 1000})).json()
    keys = [part.lstrip("-") for part in sort.split(",")]
    first = [actor[keys[0]] for actor in everybody]
    assert first == sorted(first, reverse=sort.startswith("-"))
    walked: list[Any] = []
    page = await client.get(ACTORS_PATH, params={"sort": sort, "limit": 100})
    walked += page.json()
    while "next" in page.links:
        page = await client.get(page.links["next"]["url"])
        walked += page.json()
    assert walked == everybody
    assert len({actor["id"] for actor in walked}) == len(walked) > 300


async def test_films_are_counted_and_listed(client: httpx.AsyncClient) -> None:
    (weaver,) = (await client.get(ACTORS_PATH, params={"name": "Sigourney Weaver"})).json()
    assert set(weaver) == {"id", "first_name", "last_name", "film_count", "last_update"}
    assert (await client.get(f"{ACTORS_PATH}/{weaver['id']}")).json() == weaver
    films = (await client.get(f"{ACTORS_PATH}/{weaver['id']}/films")).json()
    assert films == (await client.get(FILMS, params={"actor": "Sigourney Weaver"})).json()
    assert "Alien" in [film["title"] for film in films]
    assert len(films) == weaver["film_count"] >= 2


async def test_an_actors_films_come_in_pages_as_all_films_do(client: httpx.AsyncClient) -> None:
    (weaver,) = (await client.get(ACTORS_PATH, params={"name": "Sigourney Weaver"})).json()
    path, count = f"{ACTORS_PATH}/{weaver['id']}/films", {"Prefer": "count=exact"}
    titles = [film["title"] for film in (await client.get(path, params={"sort": "-title"})).json()]
    assert titles == sorted(titles, reverse=True)
    page = await client.get(path, params={"sort": "-title", "limit": 1}, headers=count)
    assert page.headers["x-total-count"] == str(len(titles))
    walked = [page.json()[0]["title"]]
    while "next" in page.links:
        page = await client.get(page.links["next"]["url"])
        walked.append(page.json()[0]["title"])
    assert walked == titles
    beyond = await client.get(path, params={"skip": 1000})
    assert (beyond.status_code, beyond.json()) == (200, [])


async def test_the_films_of_an_unknown_actor_are_404(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{ACTORS_PATH}/2147483647/films")
    assert response.status_code == 404
    assert response.json()["detail"] == "Actor 2147483647 does not exist."


async def test_a_new_actor_is_at_its_location_and_has_no_films(own_client: httpx.AsyncClient) -> None:
    response = await own_client.post(ACTORS_PATH, json={"first_name": " Greta ", "last_name": "Garbo"})
    assert response.status_code == 201
    actor = response.json()
    assert response.headers["location"] == f"{ACTORS_PATH}/{actor['id']}"
    assert actor == {"id": actor["id"], **GARBO, "film_count": 0, "last_update": actor["last_update"]}
    assert (await own_client.get(response.headers["location"])).json() == actor
    films = await own_client.get(f"{response.headers['location']}/films")
    assert (films.status_code, films.json()) == (200, [])


async def test_two_actors_may_have_the_same_name(own_client: httpx.AsyncClient) -> None:
    one = await created(own_client, first_name="Susan", last_name="Davis")
    other = await created(own_client, first_name="Susan", last_name="Davis")
    assert one["id"] != other["id"]
    assert await named(own_client, "susan davis") == ["Susan Davis", "Susan Davis"]


async def test_an_actor_is_renamed_in_all_films(own_client: httpx.AsyncClient, server: str | None) -> None:
    (weaver,) = (await own_client.get(ACTORS_PATH, params={"name": "Sigourney Weaver"})).json()
    path = f"{ACTORS_PATH}/{weaver['id']}"
    response = await own_client.put(path, json={"first_name": "Susan Alexandra", "last_name": "Weaver"})
    assert response.status_code == 200
    renamed = response.json()
    assert renamed == {**weaver, "first_name": "Susan Alexandra", "last_update": renamed["last_update"]}
    # SQLite's clock has seconds only.
    assert server is None or renamed["last_update"] > weaver["last_update"]
    assert (await own_client.get(path)).json() == renamed
    assert (await own_client.get(f"{FILMS}/1")).json()["actors"][0] == "Susan Alexandra Weaver"


async def test_an_actor_without_films_is_removed(own_client: httpx.AsyncClient) -> None:
    path = f"{ACTORS_PATH}/{(await created(own_client))['id']}"
    response = await own_client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert (await own_client.get(path)).status_code == 404
    assert (await own_client.get(f"{path}/films")).status_code == 404
    assert (await own_client.delete(path)).status_code == 404


async def test_an_actor_with_films_stays(own_client: httpx.AsyncClient) -> None:
    before = (await own_client.get(f"{ACTORS_PATH}/1")).json()
    response = await own_client.delete(f"{ACTORS_PATH}/1")
    assert response.status_code == 409
    assert response.json()["referred_by"] == "film"
    assert (await own_client.get(f"{ACTORS_PATH}/1")).json() == before


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ('{"first_name": "Greta"}', ["body", "last_name"]),
        ('{"first_name": "Greta", "last_name": null}', ["body", "last_name"]),
        ('{"first_name": "\\u00a0", "last_name": "Garbo"}', ["body", "first_name"]),
        ('{"first_name": "Gre\\u0000ta", "last_name": "Garbo"}', ["body", "first_name"]),
        ('{"first_name": "Greta", "last_name": "\\udfff"}', ["body", "last_name"]),
        ('{"first_name": true, "last_name": "Garbo"}', ["body", "first_name"]),
        ('{"first_name": 9223372036854775808, "last_name": "Garbo"}', ["body", "first_name"]),
        (f'{{"first_name": "Greta", "last_name": "{"x" * 256}"}}', ["body", "last_name"]),
        ('{"first_name": "Greta", "last_name": "Garbo", "film_count": 3}', ["body", "film_count"]),
        ('"Greta Garbo"', ["body"]),
    ],
)
async def test_an_invalid_body_changes_nothing(own_client: httpx.AsyncClient, body: str, location: list[str]) -> None:
    before = (await own_client.get(ACTORS_PATH, params={"limit": 1000})).json()
    for method, path in (("POST", ACTORS_PATH), ("PUT", f"{ACTORS_PATH}/1")):
        response = await own_client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == location
    assert (await own_client.get(ACTORS_PATH, params={"limit": 1000})).json() == before


@pytest.mark.parametrize(("number", "status"), [("2147483647", 404), ("2147483648", 422), ("0", 422), ("-1", 422)])
async def test_an_unknown_actor_cannot_be_changed(own_client: httpx.AsyncClient, number: str, status: int) -> None:
    assert (await own_client.put(f"{ACTORS_PATH}/{number}", json=GARBO)).status_code == status
    assert (await own_client.delete(f"{ACTORS_PATH}/{number}")).status_code == status


async def test_deleting_an_actor_while_a_film_adds_them_fails_for_one_of_both(
    own_client: httpx.AsyncClient,
) -> None:
    for turn in range(10):
        actor = await created(own_client, first_name=f"Meteor {turn}")
        film = {"title": f"Meteor Shower {turn}", "language_id": 1, "actor_ids": [actor["id"]]}
        path = f"{ACTORS_PATH}/{actor['id']}"
        deleted, added = await asyncio.gather(own_client.delete(path), own_client.post(FILMS, json=film))
        assert (deleted.status_code, added.status_code) in {(204, 422), (409, 201)}
        if added.status_code == 201:
            assert deleted.json()["referred_by"] == "film"
            assert [found["id"] for found in (await own_client.get(f"{path}/films")).json()] == [added.json()["id"]]
        else:
            assert (await own_client.get(path)).status_code == 404
            assert (await own_client.get(FILMS, params={"title": f"Shower {turn}"})).json() == []


async def test_requests_take_few_queries(own_app: FastAPI, own_client: httpx.AsyncClient) -> None:
    with statements_of(own_app) as sent:
        await own_client.get(ACTORS_PATH, params={"name": "o", "sort": "-last_name"})
        assert len(sent) == 1
        await own_client.get(f"{ACTORS_PATH}/1")
        assert len(sent) == 2
        await own_client.get(f"{ACTORS_PATH}/1/films")
        assert len(sent) == 3
        await created(own_client)
        assert len(sent) <= 3 + 4
