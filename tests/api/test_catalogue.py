"""Films and categories, as a client of the API sees them."""

from __future__ import annotations

import httpx
import pytest

FILMS = "/api/v1/films"


async def test_a_film_has_everything_the_contract_names(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{FILMS}/1")
    assert response.status_code == 200
    film = response.json()
    assert set(film) >= {
        *("id", "title", "description", "release_year", "language_id", "language", "original_language_id"),
        *("rental_duration", "rental_rate", "length", "replacement_cost", "rating", "special_features"),
        *("streaming_available", "categories", "actors", "last_update"),
    }
    assert film["title"] == "Alien"
    assert film["release_year"] == 1979
    assert film["rental_rate"] == 2.99
    assert film["rating"] == "R"
    assert film["language"] == "English"
    assert film["categories"] == ["Horror", "Sci-Fi"]
    assert film["actors"][0] == "Sigourney Weaver"
    assert film["last_update"].endswith("Z")


async def test_a_list_leaves_out_the_cast(client: httpx.AsyncClient) -> None:
    films = (await client.get(FILMS, params={"limit": 3})).json()
    assert [film["id"] for film in films] == [1, 2, 3]
    assert "actors" not in films[0]
    assert films[0]["categories"] == ["Horror", "Sci-Fi"]


async def test_skip_and_limit_cut_a_page_out_of_the_list(client: httpx.AsyncClient) -> None:
    films = (await client.get(FILMS, params={"skip": 2, "limit": 2})).json()
    assert [film["id"] for film in films] == [3, 4]


async def test_a_list_has_100_films_unless_asked_for_another_number(client: httpx.AsyncClient) -> None:
    assert len((await client.get(FILMS)).json()) == 100


@pytest.mark.parametrize("category", ["horror", "HORR", "orro"])
async def test_part_of_a_category_name_in_any_case_is_enough(client: httpx.AsyncClient, category: str) -> None:
    films = (await client.get(FILMS, params={"category": category, "limit": 1000})).json()
    assert len(films) >= 5
    assert all("Horror" in film["categories"] for film in films)


@pytest.mark.parametrize("category", ["%", "_", "H%", "Sci_Fi", "\\"])
async def test_wildcards_in_a_category_are_literal(client: httpx.AsyncClient, category: str) -> None:
    response = await client.get(FILMS, params={"category": category})
    assert (response.status_code, response.json()) == (200, [])


async def test_case_is_ignored_in_any_alphabet(client: httpx.AsyncClient) -> None:
    films = (await client.get(FILMS, params={"title": "AMÉLIE"})).json()
    assert [film["title"] for film in films] == ["Amélie"]


async def test_a_trailing_slash_makes_no_difference(client: httpx.AsyncClient) -> None:
    plain, slashed = await client.get(f"{FILMS}?limit=1"), await client.get(f"{FILMS}/?limit=1")
    assert slashed.status_code == 200
    assert slashed.json() == plain.json()


async def test_categories_are_counted(client: httpx.AsyncClient) -> None:
    categories = (await client.get("/api/v1/categories")).json()
    assert [category["name"] for category in categories][:3] == ["Action", "Animation", "Children"]
    assert len(categories) == 16
    horror = next(category for category in categories if category["name"] == "Horror")
    films = (await client.get(FILMS, params={"category": "horror", "limit": 1000})).json()
    assert horror["film_count"] == len(films)
    assert (await client.get(f"/api/v1/categories/{horror['id']}")).json() == horror


@pytest.mark.parametrize("path", [f"{FILMS}/2147483647", "/api/v1/categories/2147483647"])
async def test_an_unknown_id_is_404(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].endswith("2147483647 does not exist.")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{FILMS}/0", ["path", "film_id"]),
        (f"{FILMS}/-1", ["path", "film_id"]),
        (f"{FILMS}/2147483648", ["path", "film_id"]),
        (f"{FILMS}/1e3", ["path", "film_id"]),
        (f"{FILMS}/%00", ["path", "film_id"]),
        (f"{FILMS}?limit=0", ["query", "limit"]),
        (f"{FILMS}?limit=1001", ["query", "limit"]),
        (f"{FILMS}?skip=-1", ["query", "skip"]),
        (f"{FILMS}?skip=99999999999999999999", ["query", "skip"]),
        (f"{FILMS}?category=", ["query", "category"]),
        (f"{FILMS}?category=%00", ["query", "category"]),
        ("/api/v1/categories/0", ["path", "category_id"]),
        ("/api/v1/categories?limit=NaN", ["query", "limit"]),
    ],
)
async def test_an_invalid_parameter_is_422_and_named(client: httpx.AsyncClient, path: str, field: list[str]) -> None:
    response = await client.get(path)
    assert response.status_code == 422
    problem = response.json()
    assert problem["errors"][0]["loc"] == field
    assert set(problem["errors"][0]) == {"loc", "msg", "type"}
