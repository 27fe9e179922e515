"""The mentions that the film search finds in a text, and its criteria, on SQLite and Postgres."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.core.database.engine import Database
from app.repositories.mentions import MentionRepository
from plugins.film_search.film_search_plugin import FilmSearchPlugin
from tests.fixtures.sample_stores import fill
from tests.fixtures.settings import settings_for


@pytest.fixture(scope="module")
def plugin(app: FastAPI) -> FilmSearchPlugin:
    return FilmSearchPlugin(app.state.database.reading)


async def mentions(plugin: FilmSearchPlugin, text: str) -> dict[str, Any]:
    return dict(json.loads(await plugin.find_mentions(text)))


async def found(plugin: FilmSearchPlugin, **criteria: Any) -> list[dict[str, Any]]:
    return list(json.loads(await plugin.find_films(**criteria, limit=20))["films"])


@pytest.mark.parametrize(
    ("text", "title", "match"),
    [
        ("How much is Alien?", "Alien", "exact"),
        ("how much is alien's sequel", "Alien", "exact"),
        ("price of mad max fury road pls", "Mad Max: Fury Road", "exact"),
        ("spiderman into the spiderverse", "Spider-Man: Into the Spider-Verse", "exact"),
        ("is seven in stock", "Se7en", "exact"),
        ("twelve angry men", "12 Angry Men", "exact"),
        ("godfather 2", "The Godfather Part II", "exact"),
        ("Do you have It?", "It", "exact"),
        ("walle", "WALL-E", "exact"),
        ("amelie", "Amélie", "exact"),
        ("terminator 2", "Terminator 2: Judgment Day", "partial"),
        ("LOTR", "The Lord of the Rings: The Fellowship of the Ring", "partial"),
        ("ET", "E.T. the Extra-Terrestrial", "partial"),
        ("who is in holy grail", "Monty Python and the Holy Grail", "partial"),
        ("the shawshenk redemption", "The Shawshank Redemption", "similar"),
        ("pulp ficton", "Pulp Fiction", "similar"),
        ("alein", "Alien", "similar"),
        ("raiders of the lost arc", "Raiders of the Lost Ark", "similar"),
    ],
)
async def test_a_title_is_found_as_people_write_it(plugin: FilmSearchPlugin, text: str, title: str, match: str) -> None:
    (mention,) = (one for one in (await mentions(plugin, text))["films"] if not one["common"])
    assert (mention["films"][0]["title"], mention["match"]) == (title, match)
    assert text[mention["start"] : mention["end"]] == mention["mention"]


async def test_a_mention_comes_with_all_a_person_may_ask(plugin: FilmSearchPlugin) -> None:
    (mention,) = (await mentions(plugin, "tell me about Jaws"))["films"]
    (film,) = mention["films"]
    assert {"film_id", "rental_rate", "actors", "copies", "in_stock", "description"} <= film.keys()


async def test_two_films_of_one_title_are_one_mention(plugin: FilmSearchPlugin) -> None:
    (mention,) = (await mentions(plugin, "king kong"))["films"]
    assert sorted(film["release_year"] for film in mention["films"]) == [1933, 2005]


async def test_a_pronoun_may_be_a_title_but_is_told_as_common(plugin: FilmSearchPlugin) -> None:
    assert [one["common"] for one in (await mentions(plugin, "is it in stock"))["films"]] == [True]


async def test_actors_categories_and_languages_are_found(plugin: FilmSearchPlugin) -> None:
    told = await mentions(plugin, "French comedies with tom hanks or Sigorney Weaver")
    assert [one["names"][0] for one in told["actors"]] == ["Tom Hanks", "Sigourney Weaver"]
    assert [one["name"] for one in told["categories"]] == ["Comedy"]
    assert [one["name"] for one in told["languages"]] == ["French"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "?!", "Why is the sky blue?", "\x00", "映画", "a " * 900, "'; DROP TABLE film; --", "%", "_", "\ud800"],
)
async def test_texts_without_a_name_mention_nothing(plugin: FilmSearchPlugin, text: str) -> None:
    told = await mentions(plugin, text)
    assert told["films"] == told["actors"] == told["categories"] == told["languages"] == []


@pytest.mark.parametrize(
    ("criteria", "fits"),
    [
        (
            {"language": "Japanese"},
            lambda film: film["title"]
            in ("Akira", "Godzilla", "My Neighbor Totoro", "Rashomon", "Seven Samurai", "Spirited Away"),
        ),
        (
            {"category": "Sci-Fi", "without_categories": ["Horror"]},
            lambda film: "Horror" not in film["categories"] and "Sci-Fi" in film["categories"],
        ),
        ({"category": "Horror", "without_ratings": ["R"]}, lambda film: film["rating"] != "R"),
        ({"ratings": ["G", "PG"]}, lambda film: film["rating"] in ("G", "PG")),
        ({"categories": ["Sports", "Documentary"]}, lambda film: {"Sports", "Documentary"} <= set(film["categories"])),
        ({"words": "sharks"}, lambda film: film["title"] == "Jaws"),
        ({"min_rental_rate": 4.0}, lambda film: film["rental_rate"] >= 4),
        ({"actors": ["Tom Hanks", "Robin Wright"]}, lambda film: film["title"] == "Forrest Gump"),
    ],
)
async def test_films_fit_all_criteria(plugin: FilmSearchPlugin, criteria: dict[str, Any], fits: Any) -> None:
    films = await found(plugin, **criteria)
    assert films
    assert all(map(fits, films))


async def test_an_actor_can_be_excluded(plugin: FilmSearchPlugin) -> None:
    all_of_them = {film["title"] for film in await found(plugin, actor="Harrison Ford")}
    without = {film["title"] for film in await found(plugin, actor="Harrison Ford", without_actors=["Carrie Fisher"])}
    assert all_of_them - without == {"Star Wars", "The Empire Strikes Back", "Return of the Jedi"}


async def test_only_films_that_can_be_streamed(plugin: FilmSearchPlugin) -> None:
    titles = [film["title"] for film in await found(plugin, streaming=True)]
    for title in titles[:3]:
        (mention,) = json.loads(await plugin.search_films(title, limit=1))["films"]
        assert mention["streaming_available"] is True


async def test_the_dearest_come_first(plugin: FilmSearchPlugin) -> None:
    rates = [film["rental_rate"] for film in await found(plugin, sort="most_expensive")]
    costs = [film["replacement_cost"] for film in await found(plugin, sort="costliest_to_replace")]
    assert rates == sorted(rates, reverse=True)
    assert costs == sorted(costs, reverse=True)


async def test_the_store_is_told_in_numbers(plugin: FilmSearchPlugin) -> None:
    told = json.loads(await plugin.store_overview())
    assert told["store_count"] == 2
    assert told["films"] == sum(language["films"] for language in told["languages"])
    assert told["categories"][0] == max(told["categories"], key=lambda one: one["films"])
    assert {store["store_id"] for store in told["stores"]} == {1, 2}


async def _add_films(database: Database, count: int) -> None:
    async with database.engine.begin() as connection:
        first = int(await connection.scalar(sa.text("SELECT max(film_id) FROM film")) or 0) + 1
        columns = "film_id, title, language_id, rental_duration, rental_rate, replacement_cost, streaming_available"
        rows = [{"id": first + number, "title": f"ZEPHYR{number % 97} QUARRY{number}"} for number in range(count)]
        insert = sa.text(f"INSERT INTO film ({columns}) VALUES (:id, :title, 1, 3, 2.99, 9.99, false)")
        await connection.execute(insert, rows)


@pytest.mark.alone
async def test_six_thousand_films_are_searched_quickly() -> None:
    database = Database(settings_for())
    try:
        await fill(database)
        await _add_films(database, 6000)
        async with database.reading() as connection:
            finder = MentionRepository(connection)
            await finder.find("warm up")
            started = time.perf_counter()
            told = await finder.find("What is the rental rate for the film Alien?")
            spent = time.perf_counter() - started
    finally:
        await database.dispose()
    assert len(told.films) == 1
    assert spent < 0.5
