"""Searching films by their text, as a client of the API sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.core.database.engine import Database
from app.main import create_app
from app.repositories.film_titles import FilmTitleRepository, Match
from tests.conftest import client_of, running, sample_database, settings_for
from tests.fixtures.postgres_server import drop_database, run_script

SEARCH = "/api/v1/films/search"
COUNTED = {"Prefer": "count=exact"}


async def found(client: httpx.AsyncClient, asked: str, **parameters: Any) -> list[dict[str, Any]]:
    response = await client.get(SEARCH, params={"q": asked, **parameters})
    assert response.status_code == 200, response.text
    films: list[dict[str, Any]] = response.json()
    relevances = [film["relevance"] for film in films]
    assert relevances == sorted(relevances, reverse=True)
    return films


async def titles(client: httpx.AsyncClient, asked: str, **parameters: Any) -> list[str]:
    return [film["title"] for film in await found(client, asked, **parameters)]


def link_of(response: httpx.Response, relation: str) -> str | None:
    match = re.search(rf'<([^>]*)>; rel="{relation}"', response.headers["link"])
    return match.group(1) if match else None


async def walked(client: httpx.AsyncClient, asked: str, relation: str = "next", **parameters: Any) -> list[int]:
    """Return the ids on this page and on all pages that follow."""
    response = await client.get(SEARCH, params={"q": asked, **parameters})
    ids = []
    while True:
        ids.append([film["id"] for film in response.json()])
        url = link_of(response, relation)
        if url is None:
            return [id_ for page in (ids if relation == "next" else reversed(ids)) for id_ in page]
        response = await client.get(url)


@contextmanager
def statements_of(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Yield the statements that are executed meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_a_film_is_found_as_lists_show_it_with_its_relevance(client: httpx.AsyncClient) -> None:
    film = (await found(client, "alien"))[0]
    (listed,) = (await client.get("/api/v1/films", params={"limit": 1})).json()
    assert film.pop("relevance") > 0
    assert film == listed


@pytest.mark.parametrize("asked", ["alien", "ALIEN", "  Alien ", "alien & | !", '"alien"'])
async def test_a_film_called_so_comes_before_others_and_titles_before_descriptions(
    client: httpx.AsyncClient, asked: str
) -> None:
    assert await titles(client, asked) == ["Alien", "Aliens", "Alien 3", "Galaxy Quest"]


async def test_a_word_that_descriptions_have_more_often_is_still_best_in_a_title(client: httpx.AsyncClient) -> None:
    kings = ["King Kong", "King Kong", "The Lion King", "The King of Kong: A Fistful of Quarters"]
    assert (await titles(client, "king"))[:4] == kings


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("aliens", "Aliens"),
        ("the matrix", "The Matrix"),
        ("king kong", "King Kong"),
        ("wall-e", "WALL-E"),
        ("spider man", "Spider-Man: Into the Spider-Verse"),
        ("lord of the rings", "The Lord of the Rings: The Fellowship of the Ring"),
        ("Amélie", "Amélie"),
        ("It", "It"),
        ("up", "Up"),
        ("philadelphia boxer", "Rocky"),
        ("crew hunt corridors", "Alien"),
    ],
)
async def test_the_film_that_was_meant_comes_first(client: httpx.AsyncClient, asked: str, first: str) -> None:
    assert (await titles(client, asked))[0] == first


async def test_every_word_must_be_there(client: httpx.AsyncClient) -> None:
    assert "Alien" in await titles(client, "space")
    assert await titles(client, "space tug") == ["Alien"]
    assert await titles(client, "space zzyzx") == []


async def test_a_word_with_a_minus_must_not_be_there(client: httpx.AsyncClient) -> None:
    every, without = await titles(client, "space"), await titles(client, "space -quest")
    assert set(every) - set(without) == {"Galaxy Quest"}
    most = await titles(client, "-alien", limit=1000)
    assert len(most) == 201
    assert not {"Alien", "Aliens", "Galaxy Quest"} & set(most)


async def test_words_in_quotes_stand_together(client: httpx.AsyncClient) -> None:
    assert await titles(client, '"space tug"') == ["Alien"]
    assert "Alien" not in await titles(client, '"tug space"')


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("alein", "Alien"),
        ("matrx", "The Matrix"),
        ("godfater", "The Godfather"),
        ("jurasic prak", "Jurassic Park"),
        ("amelie", "Amélie"),
        ("odfath", "The Godfather"),
    ],
)
async def test_where_no_text_matches_similar_titles_are_found(
    client: httpx.AsyncClient, asked: str, first: str
) -> None:
    films = await found(client, asked)
    assert films[0]["title"] == first
    assert all(0.6 <= film["relevance"] <= 1 for film in films)


@pytest.mark.parametrize("asked", ["%", "_", "!!!", '"', "&", "-", "日本", "zzyzx qwrk", "a & | ! b", "x" * 255])
async def test_a_search_without_matches_is_an_empty_list(client: httpx.AsyncClient, asked: str) -> None:
    response = await client.get(SEARCH, params={"q": asked}, headers=COUNTED)
    assert (response.status_code, response.json()) == (200, [])
    assert response.headers["x-total-count"] == "0"
    assert link_of(response, "next") is None


@pytest.mark.parametrize(
    "asked", ["the", "a", "of the", "' OR 1=1 --", "(((", "a:*", "<->", "ı", "\\", "'", "{}", '["']
)
async def test_nothing_that_is_asked_is_an_error(client: httpx.AsyncClient, asked: str) -> None:
    await found(client, asked)


@pytest.mark.parametrize("asked", ["the", "king", "world", "-alien", "alein"])
async def test_pages_join_to_the_whole_list_in_both_directions(client: httpx.AsyncClient, asked: str) -> None:
    whole = [film["id"] for film in await found(client, asked, limit=1000)]
    assert len(whole) == len(set(whole)) > 3
    assert await walked(client, asked, limit=3) == whole
    assert await walked(client, asked, "prev", limit=3, skip=len(whole) - 1) == whole
    second = await client.get(SEARCH, params={"q": asked, "limit": 2, "skip": 1})
    assert [film["id"] for film in second.json()] == whole[1:3]


@pytest.mark.parametrize(("asked", "total"), [("alien", 4), ("alein", 4), ("-alien", 201), ("the", 50)])
async def test_films_are_counted_when_asked(client: httpx.AsyncClient, asked: str, total: int) -> None:
    response = await client.get(SEARCH, params={"q": asked, "limit": 1}, headers=COUNTED)
    assert response.headers["x-total-count"] == str(total)
    assert len(await found(client, asked, limit=1000)) == total


async def test_no_similar_titles_follow_the_last_match(client: httpx.AsyncClient) -> None:
    assert len(await found(client, "ring")) == 2
    response = await client.get(SEARCH, params={"q": "ring", "skip": 2}, headers=COUNTED)
    assert (response.json(), response.headers["x-total-count"]) == ([], "2")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "  "}, "q"),
        ({"q": "\x00"}, "q"),
        ({"q": "x" * 256}, "q"),
        ({"q": "alien", "limit": 1001}, "limit"),
        ({"q": "alien", "sort": "title"}, "sort"),
        ({"q": "alien", "cursor": "nonsense"}, "cursor"),
        ({"q": "alien", "rating": "R"}, "rating"),
    ],
)
async def test_an_invalid_parameter_is_422_and_named(
    client: httpx.AsyncClient, parameters: dict[str, Any], field: str
) -> None:
    response = await client.get(SEARCH, params=parameters)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", field]


@pytest.mark.parametrize(
    ("asked", "options", "most"),
    [
        ("alien", {}, 1),
        ("alien", COUNTED, 2),
        ("alein", {}, 3),
        ("alein", COUNTED, 3),
        ("zzyzx", COUNTED, 3),
    ],
)
async def test_a_search_takes_few_queries(
    app: FastAPI, client: httpx.AsyncClient, asked: str, options: dict[str, str], most: int
) -> None:
    with statements_of(app.state.database) as sent:
        await client.get(SEARCH, params={"q": asked}, headers=options)
    assert len(sent) == most


@pytest.fixture(scope="module")
async def without_trigrams(postgres: str) -> AsyncIterator[FastAPI]:
    """The application on a server without pg_trgm."""
    url = await sample_database(postgres, "store_without_trigrams")
    await run_script(url, "DROP EXTENSION pg_trgm CASCADE")
    async with running(create_app(settings_for(url))) as application:
        yield application
    await drop_database(postgres, "store_without_trigrams")


@pytest.mark.postgres
async def test_without_trigrams_parts_of_words_are_found(without_trigrams: FastAPI) -> None:
    async with client_of(without_trigrams) as client:
        assert await titles(client, "odfath") == ["The Godfather", "The Godfather Part II"]
        assert "Apollo 13" in await titles(client, "astron")
        assert await titles(client, "alien") == ["Alien", "Aliens", "Alien 3", "Galaxy Quest"]
        assert await titles(client, "%") == []


@pytest.mark.postgres
async def test_without_trigrams_agents_still_find_a_misspelt_title(without_trigrams: FastAPI) -> None:
    async with without_trigrams.state.database.reading() as connection:
        meant = await FilmTitleRepository(connection).match_title("alein", limit=1)
    assert (meant.match, meant.ids) == (Match.SIMILAR, [1])


@pytest.mark.postgres
async def test_the_fulltext_index_answers_every_page_of_a_search(without_trigrams: FastAPI) -> None:
    database: Database = without_trigrams.state.database
    async with client_of(without_trigrams) as client:
        with statements_of(database) as sent:
            await walked(client, "world", limit=5)
    assert len(sent) == 3
    async with database.engine.connect() as connection:
        # On so few films, reading them all is cheaper.
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in sent:
            plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            assert "film_fulltext_idx" in "\n".join(plan.scalars())
