"""The tools of the film search, on SQLite and Postgres."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.core.database.engine import Database
from app.core.similarity import similarity
from plugins.film_search.film_search_plugin import FilmSearchPlugin


class Tools:
    """Calls a tool and reads its JSON."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._plugin = FilmSearchPlugin(database.reading)

    async def search(self, title: str, **options: Any) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.search_films(title, **options)))

    async def find(self, **criteria: Any) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.find_films(**criteria)))

    async def similar(self, title: str) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.similar_films(title)))

    async def details(self, film_id: int) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.film_details(film_id)))

    async def availability(self, film_id: int) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.film_availability(film_id)))

    async def overview(self) -> dict[str, Any]:
        return dict(json.loads(await self._plugin.store_overview()))

    async def categories(self) -> list[dict[str, Any]]:
        return list(json.loads(await self._plugin.list_categories())["categories"])


@pytest.fixture(scope="module")
def tools(app: FastAPI) -> Tools:
    return Tools(app.state.database)


def titles(result: dict[str, Any]) -> list[str]:
    return [film["title"] for film in result["films"]]


@pytest.mark.parametrize("asked", ["Alien", "ALIEN", "  alien ", "The Alien", "“Alien”", "alien!"])
async def test_a_title_is_found_exactly(tools: Tools, asked: str) -> None:
    result = await tools.search(asked)
    assert (result["match"], titles(result)) == ("exact", ["Alien"])
    assert "Aliens (1986)" in result["other_titles"]


async def test_a_film_comes_with_all_a_person_may_ask(tools: Tools) -> None:
    (film,) = (await tools.search("Alien"))["films"]
    assert film["rental_rate"] == 2.99
    assert film["categories"] == ["Horror", "Sci-Fi"]
    assert film["length_minutes"] == 117
    assert film["rating"] == "R"
    assert film["language"] == "English"
    assert "Sigourney Weaver" in film["actors"]
    assert film["description"]
    assert 0 < film["in_stock"] <= film["copies"]


async def test_two_films_of_one_title_are_both_found(tools: Tools) -> None:
    result = await tools.search("king kong")
    assert result["match"] == "exact"
    assert sorted(film["release_year"] for film in result["films"]) == [1933, 2005]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("indiana jones", "Indiana Jones"),
        ("toy story", "Toy Story"),
        ("spider man", "Spider-Man"),
        ("wall e", "WALL-E"),
    ],
)
async def test_part_of_a_title_is_enough(tools: Tools, asked: str, expected: str) -> None:
    result = await tools.search(asked)
    assert result["match"] in ("exact", "partial")
    assert any(expected in title for title in titles(result))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("alein", "Alien"),
        ("godfater", "The Godfather"),
        ("jurasic prak", "Jurassic Park"),
        ("Incpetion", "Inception"),
        ("the shinning", "The Shining"),
        ("casablnca", "Casablanca"),
    ],
)
async def test_a_misspelt_title_is_found(tools: Tools, asked: str, expected: str) -> None:
    result = await tools.search(asked)
    assert result["match"] == "similar"
    assert result["films"][0]["title"] == expected
    assert 0.6 <= result["films"][0]["similarity"] < 1


async def test_accents_make_no_difference(tools: Tools) -> None:
    assert titles(await tools.search("amelie"))[0] == "Amélie"


@pytest.mark.parametrize(
    "asked", ["%", "_", "A%n", "al_en", "\\", "'; DROP TABLE film; --", "\x00", "\ud800", "", "!!!"]
)
async def test_wildcards_and_nonsense_match_nothing(tools: Tools, asked: str) -> None:
    result = await tools.search(asked)
    assert result["match"] in {"none", "similar"}


@pytest.mark.parametrize("asked", ["Zzyzx Qwrk", "fifa world cup 2022 winner", "x" * 5000])
async def test_what_the_store_lacks_is_not_found(tools: Tools, asked: str) -> None:
    result = await tools.search(asked)
    assert (result["match"], result["films"]) == ("none", [])


async def test_short_titles_are_words_not_letters(tools: Tools) -> None:
    assert titles(await tools.search("Up")) == ["Up"]
    assert titles(await tools.search("It")) == ["It"]
    assert titles(await tools.search("M")) == ["M"]


@pytest.mark.parametrize("limit", [-5, 0, 1, 10**12])
async def test_results_are_bounded(tools: Tools, limit: int) -> None:
    assert 1 <= len((await tools.find(limit=limit))["films"]) <= 20
    assert 1 <= len((await tools.search("the", limit=limit))["films"]) <= 20


async def test_criteria_combine(tools: Tools) -> None:
    result = await tools.find(category="action", max_length=120, min_year=1980, sort="newest", limit=20)
    assert result["total"] >= len(result["films"]) > 3
    years = [film["release_year"] for film in result["films"]]
    assert years == sorted(years, reverse=True)
    for film in result["films"]:
        assert "Action" in film["categories"]
        assert film["length_minutes"] <= 120
        assert film["release_year"] >= 1980


async def test_films_with_an_actor(tools: Tools) -> None:
    found = titles(await tools.find(actor="sigourney weaver", limit=20))
    assert {"Alien", "Aliens"} <= set(found)


@pytest.mark.parametrize("rating", ["r", " R ", "R"])
async def test_films_of_a_rating(tools: Tools, rating: str) -> None:
    assert {film["rating"] for film in (await tools.find(rating=rating))["films"]} == {"R"}


async def test_films_in_stock(tools: Tools) -> None:
    every, available = await tools.find(), await tools.find(in_stock=True)
    out = await tools.find(in_stock=False, limit=20)
    assert available["total"] + out["total"] == every["total"]
    assert out["total"] >= 1
    assert (await tools.availability(out["films"][0]["film_id"]))["in_stock"] == 0


@pytest.mark.parametrize(
    "criteria",
    [
        {"min_year": -(10**12)},
        {"max_year": 10**12},
        {"max_length": 10**12},
        {"min_length": -1},
        {"max_rental_rate": 1e308},
        {"max_rental_rate": float("nan")},
        {"max_rental_rate": float("inf")},
    ],
)
async def test_bounds_beyond_all_films_exclude_none(tools: Tools, criteria: dict[str, Any]) -> None:
    assert (await tools.find(**criteria))["total"] == (await tools.find())["total"]


@pytest.mark.parametrize("criteria", [{"rating": "X"}, {"sort": "best"}])
async def test_a_wrong_argument_is_explained_to_the_model(tools: Tools, criteria: dict[str, Any]) -> None:
    assert "rating must be" in (await tools.find(**criteria))["error"]


async def test_similar_films_share_something(tools: Tools) -> None:
    result = await tools.similar("Alien")
    assert result["film"]["title"] == "Alien"
    assert titles(result)[0] == "Aliens"
    assert "Alien" not in titles(result)


async def test_details_and_availability_agree(tools: Tools) -> None:
    (film,) = (await tools.search("Alien"))["films"]
    assert (await tools.details(film["film_id"]))["film"] == film
    stock = await tools.availability(film["film_id"])
    assert stock["title"] == "Alien"
    assert sum(store["copies"] for store in stock["stores"]) == stock["copies"] == film["copies"]
    assert sum(store["in_stock"] for store in stock["stores"]) == stock["in_stock"] == film["in_stock"]
    assert stock["next_due"] is None


async def test_a_film_that_is_out_says_when_a_disc_is_due(tools: Tools) -> None:
    out = (await tools.find(in_stock=False))["films"][0]
    stock = await tools.availability(out["film_id"])
    assert stock["in_stock"] == 0
    assert stock["next_due"].endswith("+00:00")


@pytest.mark.parametrize("film_id", [0, -1, 99999, 10**15])
async def test_an_unknown_id_is_explained_to_the_model(tools: Tools, film_id: int) -> None:
    for result in (await tools.details(film_id), await tools.availability(film_id)):
        assert result == {"error": f"There is no film with id {film_id}."}


async def test_categories_are_counted(tools: Tools) -> None:
    categories = await tools.categories()
    horror = next(category for category in categories if category["name"] == "Horror")
    assert horror["film_count"] == (await tools.find(category="Horror"))["total"]


async def test_both_databases_measure_similarity_alike(tools: Tools) -> None:
    pairs = [("alien", "aliens"), ("WALL-E", "walle"), ("Se7en", "seven"), ("what's up, doc?", "whats up doc")]
    async with tools.database.reading() as connection:
        for left, right in pairs:
            measured = await connection.scalar(sa.select(sa.func.similarity(left, right)))
            assert measured == pytest.approx(similarity(left, right), abs=0.001)


async def test_the_overview_counts_what_the_store_has(tools: Tools) -> None:
    overview = await tools.overview()
    assert overview["films"] == (await tools.find(limit=1))["total"]
    assert sum(language["films"] for language in overview["languages"]) == overview["films"]
    assert {one["name"]: one["films"] for one in overview["categories"]} == {
        one["name"]: one["film_count"] for one in await tools.categories()
    }
    assert {one["name"] for one in overview["ratings"]} == {"G", "PG", "PG-13", "R", "NC-17"}
    assert (overview["oldest_year"], overview["lowest_rental_rate"]) == (1931, 0.99)
    assert [store["store_id"] for store in overview["stores"]] == [1, 2]
    assert overview["store_count"] == 2
