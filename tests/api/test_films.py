"""Reading the catalogue: filters, sort orders, pagination and the number of queries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from tests.fixtures.statements import statements_of

FILMS = "/api/v1/films"
Film = dict[str, Any]

ODD_FILMS: list[Film] = [
    {"title": "Twins"},
    {"title": "Twins", "release_year": 1901, "length": 1, "rental_rate": 0.01},
    {"title": "Twins", "release_year": 2155, "length": 32767, "rental_rate": 99.99},
    {"title": "twins", "length": 90},
    {"title": "100% Wool", "release_year": 1990},
    {"title": "Snake_case", "streaming_available": True},
    {"title": "Back\\slash", "rating": None},
    {"title": "Bang!"},
    {"title": "😀 'quoted' \"twice\""},
]


_CAST = sa.text("SELECT film_id, first_name || ' ' || last_name FROM film_actor JOIN actor USING (actor_id)")
_IN = sa.text(
    "SELECT film_id FROM inventory "
    "WHERE inventory_id NOT IN (SELECT inventory_id FROM rental WHERE return_date IS NULL)"
)


@pytest.fixture(scope="module")
async def films(client: httpx.AsyncClient, app: FastAPI) -> list[Film]:
    """All films of the sample store with cast and stock, read with other queries."""
    listed = (await client.get(FILMS, params={"limit": 1000})).json()
    async with app.state.database.reading() as connection:
        cast = (await connection.execute(_CAST)).all()
        available = set(await connection.scalars(_IN))
    for film in listed:
        film["actors"] = [name for film_id, name in cast if film_id == film["id"]]
        film["in_stock"] = film["id"] in available
    return list(listed)


@pytest.fixture(scope="module")
async def odd_client(own_client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a store with films that lack year or length, share a title, or have LIKE's wildcards in it."""
    for film in ODD_FILMS:
        assert (await own_client.post(FILMS, json={"language_id": 1, **film})).status_code == 201
    return own_client


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"category": "sci"}, lambda film: "Sci-Fi" in film["categories"]),
        ({"rating": "PG-13"}, lambda film: film["rating"] == "PG-13"),
        ({"release_year": 1999}, lambda film: film["release_year"] == 1999),
        ({"min_year": 2010}, lambda film: film["release_year"] >= 2010),
        ({"max_year": 1960}, lambda film: film["release_year"] <= 1960),
        ({"min_year": 1994, "max_year": 1994}, lambda film: film["release_year"] == 1994),
        ({"language": "GERMAN"}, lambda film: film["language"] == "German"),
        ({"language": " panes "}, lambda film: film["language"] == "Japanese"),
        ({"min_length": 180}, lambda film: film["length"] >= 180),
        ({"max_length": 85}, lambda film: film["length"] <= 85),
        ({"actor": "weaver"}, lambda film: any("Weaver" in actor for actor in film["actors"])),
        ({"actor": "ey wea"}, lambda film: "Sigourney Weaver" in film["actors"]),
        ({"streaming_available": "true"}, lambda film: film["streaming_available"]),
        ({"streaming_available": "false"}, lambda film: not film["streaming_available"]),
        ({"in_stock": "true"}, lambda film: film["in_stock"]),
        ({"in_stock": "false"}, lambda film: not film["in_stock"]),
        ({"title": "ALIEN"}, lambda film: "alien" in film["title"].lower()),
        (
            {"category": "horror", "max_year": 1989, "rating": "R", "in_stock": "true", "language": "english"},
            lambda film: "Horror" in film["categories"]
            and film["release_year"] <= 1989
            and film["rating"] == "R"
            and film["in_stock"]
            and film["language"] == "English",
        ),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "fits",
)
async def test_a_filter_keeps_the_films_that_fit_and_no_others(
    client: httpx.AsyncClient, films: list[Film], params: dict[str, Any], fits: Callable[[Film], bool]
) -> None:
    response = await client.get(FILMS, params={**params, "limit": 1000}, headers={"Prefer": "count=exact"})
    expected = [film["id"] for film in films if fits(film)]
    assert 0 < len(expected) < len(films)
    assert [film["id"] for film in response.json()] == expected
    assert response.headers["X-Total-Count"] == str(len(expected))


@pytest.mark.parametrize(
    "params",
    [
        {"min_year": 2001, "max_year": 2000},
        {"category": "horror", "title": "no such title"},
        {"language": "Klingon"},
        {"language": "g%n"},
        {"actor": "weaver\\"},
        {"skip": 2147483647},
    ],
    ids=str,
)
async def test_nothing_found_is_an_empty_list_without_neighbours(
    client: httpx.AsyncClient, params: dict[str, Any]
) -> None:
    response = await client.get(FILMS, params=params)
    assert (response.status_code, response.json()) == (200, [])
    assert set(response.links) == {"first"}


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("100%", ["100% Wool"]),
        ("0% w", ["100% Wool"]),
        ("e_c", ["Snake_case"]),
        ("\\", ["Back\\slash"]),
        ("ng!", ["Bang!"]),
        ("twins", ["Twins", "Twins", "Twins", "twins"]),
    ],
)
async def test_wildcards_in_a_title_are_literal(odd_client: httpx.AsyncClient, title: str, found: list[str]) -> None:
    films = (await odd_client.get(FILMS, params={"title": title})).json()
    assert [film["title"] for film in films] == found


async def test_a_film_without_a_year_or_length_is_in_no_range_of_them(odd_client: httpx.AsyncClient) -> None:
    for params in ({"min_year": 1901}, {"max_year": 2155}, {"min_length": 1}, {"max_length": 32767}):
        films = (await odd_client.get(FILMS, params={**params, "title": "Bang!"})).json()
        assert films == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("Category=horror", "Category"),
        ("rating=X", "rating"),
        ("release_year=1900", "release_year"),
        ("max_year=2156", "max_year"),
        ("min_year=99999999999999999999", "min_year"),
        ("min_length=0", "min_length"),
        ("max_length=32768", "max_length"),
        ("in_stock=perhaps", "in_stock"),
        ("title=%20%20", "title"),
        ("actor=%00", "actor"),
        (f"language={'x' * 256}", "language"),
        ("sort=colour", "sort"),
        ("sort=", "sort"),
        ("sort=title,", "sort"),
        ("sort=--title", "sort"),
        ("sort=TITLE", "sort"),
        ("cursor=", "cursor"),
        ("cursor=%20", "cursor"),
        ("limit=1&limit=x", "limit"),
    ],
)
async def test_an_invalid_query_is_422_and_names_the_parameter(
    client: httpx.AsyncClient, query: str, field: str
) -> None:
    response = await client.get(f"{FILMS}?{query}")
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [["query", field]]


@pytest.mark.parametrize("name", ["release_year", "rental_rate", "length", "id"])
@pytest.mark.parametrize("descends", [False, True])
async def test_a_list_is_sorted_with_empty_values_as_the_largest_and_ties_by_id(
    odd_client: httpx.AsyncClient, name: str, descends: bool
) -> None:
    by_id = (await odd_client.get(FILMS, params={"limit": 1000})).json()
    films = (await odd_client.get(FILMS, params={"limit": 1000, "sort": f"-{name}" if descends else name})).json()
    expected = sorted(by_id, key=lambda film: (film[name] is None, film[name] or 0), reverse=descends)
    if descends:
        expected.sort(key=lambda film: film["id"])
        expected.sort(key=lambda film: (film[name] is not None, -(film[name] or 0)))
    assert [film["id"] for film in films] == [film["id"] for film in expected]


async def test_a_list_is_sorted_by_title_and_then_by_the_other_keys(odd_client: httpx.AsyncClient) -> None:
    params = {"title": "Twins", "sort": "-title,-release_year,length"}
    films = (await odd_client.get(FILMS, params=params)).json()
    same = [film["release_year"] for film in films if film["title"] == "Twins"]
    assert same == [None, 2155, 1901]
    assert {film["title"] for film in (films[0], films[-1])} == {"Twins", "twins"}


ORDERS = [
    *("id", "-id", "title", "-title", "release_year", "-release_year", "rental_rate", "-rental_rate"),
    *("length", "-length", "rental_rate,title", "-rental_rate,length", "release_year,-length,-id"),
    *("-length,release_year,title", "title,title,-title"),
]


@pytest.mark.parametrize("sort", ORDERS)
async def test_walking_along_link_meets_each_film_once_and_back_again(odd_client: httpx.AsyncClient, sort: str) -> None:
    whole = [film["id"] for film in (await odd_client.get(FILMS, params={"sort": sort, "limit": 1000})).json()]
    assert len(whole) == len(set(whole)) > 205
    last, forwards = await walk(odd_client, f"{FILMS}?sort={sort}&limit=37", "next")
    assert [number for page in forwards for number in page] == whole
    first, backwards = await walk(odd_client, str(last.url), "prev")
    assert [number for page in reversed(backwards) for number in page] == whole
    assert "prev" not in first.links
    assert "next" not in last.links


async def walk(client: httpx.AsyncClient, url: str, relation: str) -> tuple[httpx.Response, list[list[int]]]:
    """Follow the links in this direction; return the last page, and the ids of all pages in order."""
    pages = []
    while True:
        response = await client.get(url)
        assert response.status_code == 200
        pages.append([film["id"] for film in response.json()])
        if relation not in response.links:
            return response, pages
        url = response.links[relation]["url"]


async def test_link_keeps_the_filters_and_leaves_out_skip(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{FILMS}?category=sci-fi&skip=2&limit=2&sort=-length")
    for relation in ("first", "prev", "next"):
        query = httpx.URL(response.links[relation]["url"]).params
        assert (query["category"], query["limit"], query["sort"]) == ("sci-fi", "2", "-length")
        assert "skip" not in query
    whole = (await client.get(f"{FILMS}?category=sci-fi&limit=6&sort=-length")).json()
    assert (await client.get(response.links["first"]["url"])).json() == whole[:2]
    assert (await client.get(response.links["prev"]["url"])).json() == whole[:2]
    assert response.json() == whole[2:4]
    assert (await client.get(response.links["next"]["url"])).json() == whole[4:6]


async def test_skip_counts_from_where_the_cursor_is(client: httpx.AsyncClient) -> None:
    page = await client.get(f"{FILMS}?limit=2")
    skipped = await client.get(f"{page.links['next']['url']}&skip=3")
    assert [film["id"] for film in skipped.json()] == [6, 7]


async def test_the_total_is_only_returned_on_request(client: httpx.AsyncClient) -> None:
    plain = await client.get(f"{FILMS}?limit=1")
    counted = await client.get(f"{FILMS}?limit=1&skip=300", headers={"Prefer": 'respond-async, count="exact"'})
    assert "X-Total-Count" not in plain.headers
    assert (counted.headers["X-Total-Count"], counted.headers["Preference-Applied"]) == ("205", "count=exact")


def cursor_of(token: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sort", "token"),
    [
        ("-rental_rate", None),
        ("-rental_rate", "abc"),
        ("-rental_rate", ["after"]),
        ("-rental_rate", ["after", "title,id", ["Alien", 1]]),
        ("-rental_rate", ["beside", "-rental_rate,id", ["2.99", 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["2.99"]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["2.99", 1, 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["NaN", 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", [float("nan"), 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["1e300", 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", [None, 1]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["2.99", 2**31]]),
        ("-rental_rate", ["after", "-rental_rate,id", ["2.99", {"$gt": 0}]]),
        ("-rental_rate", ["after", "-rental_rate,id", {"0": "2.99"}]),
        ("title", ["after", "title,id", ["\x00", 1]]),
        ("title", ["after", "title,id", ["\ud800", 1]]),
    ],
    ids=ascii,
)
async def test_a_cursor_that_this_list_did_not_give_for_this_order_is_422(
    client: httpx.AsyncClient, sort: str, token: object
) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")
    response = await client.get(FILMS, params={"sort": sort, "cursor": forged})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "cursor"]


@pytest.mark.parametrize("cursor", ["garbage", "A", "____", "WzFd" * 500])
async def test_a_cursor_that_is_garbage_is_422(client: httpx.AsyncClient, cursor: str) -> None:
    response = await client.get(FILMS, params={"cursor": cursor})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "cursor"]


async def test_an_unchanged_film_is_304(client: httpx.AsyncClient) -> None:
    tag = (await client.get(f"{FILMS}/1")).headers["ETag"]
    for seen in (tag, f'"other", W/{tag}', "*"):
        response = await client.get(f"{FILMS}/1", headers={"If-None-Match": seen})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)
    other = await client.get(f"{FILMS}/2", headers={"If-None-Match": tag})
    assert (other.status_code, other.json()["id"]) == (200, 2)


@pytest.mark.parametrize("path", ["?sort=title&category=a&limit=100", "?limit=1000", "/1", "/1/availability"])
async def test_reading_costs_one_query_however_many_films(client: httpx.AsyncClient, app: FastAPI, path: str) -> None:
    with statements_of(app) as sent:
        assert (await client.get(f"{FILMS}{path}")).status_code == 200
    assert len(sent) == 1
