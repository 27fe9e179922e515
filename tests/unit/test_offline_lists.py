"""How the offline model converts wishes to the arguments of a criteria search."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.film_store import FilmStore, card
from tests.fakes.offline_turn import ask

CRITERIA: list[tuple[str, dict[str, Any]]] = [
    ("action movies under two hours", {"categories": ["Action"], "max_length": 119}),
    ("R-rated horror from the 80s", {"categories": ["Horror"], "ratings": ["R"], "min_year": 1980, "max_year": 1989}),
    ("comedies before 1990", {"categories": ["Comedy"], "max_year": 1989}),
    ("short family films", {"categories": ["Family"], "sort": "shortest"}),
    ("cheapest sci-fi", {"categories": ["Sci-Fi"], "sort": "cheapest"}),
    ("longest drama", {"categories": ["Drama"], "sort": "longest"}),
    ("newest films", {"sort": "newest"}),
    ("what's new?", {"sort": "newest"}),
    ("horror", {"categories": ["Horror"]}),
    ("Show me the comedies", {"categories": ["Comedy"]}),
    ("kids' movies", {"categories": ["Children"]}),
    ("What's in the Games category?", {"categories": ["Games"]}),
    ("films with Tom Hanks", {"actors": ["Tom Hanks"]}),
    ("what has Tom Hanks been in?", {"actors": ["Tom Hanks"]}),
    ("Which films does Sigourney Weaver star in?", {"actors": ["Sigourney Weaver"]}),
    ("Is Tom Hanks in any of your films?", {"actors": ["Tom Hanks"]}),
    ("movies with PENELOPE GUINESS", {"actors": ["PENELOPE GUINESS"]}),
    ("a film where Jodie Foster stars", {"actors": ["Jodie Foster"]}),
    ("Do you have anything with Bill Murray?", {"actors": ["Bill Murray"]}),
    (
        "what are the cheapest sci-fi movies with Harrison Ford in them",
        {"categories": ["Sci-Fi"], "actors": ["Harrison Ford"], "sort": "cheapest"},
    ),
    (
        "comedies with Tom Hanks from the eighties for under 3 bucks",
        {
            "categories": ["Comedy"],
            "actors": ["Tom Hanks"],
            "min_year": 1980,
            "max_year": 1989,
            "max_rental_rate": 2.99,
        },
    ),
    ("which movies are rated PG-13 and shorter than 100 minutes?", {"ratings": ["PG-13"], "max_length": 99}),
    ("any good comedies in stock?", {"categories": ["Comedy"], "in_stock": True}),
    ("two horror movies from the eighties", {"categories": ["Horror"], "limit": 2, "min_year": 1980, "max_year": 1989}),
    ("top 10 newest films", {"limit": 10, "sort": "newest"}),
    ("I want to watch something funny from the 90s", {"categories": ["Comedy"], "min_year": 1990, "max_year": 1999}),
    ("What should I watch tonight?", {"in_stock": True, "sort": "newest"}),
    ("how many films do you have", {}),
]


PENELOPE = {
    "title": "WORST BANGER",
    "year": 2010,
    "length": 86,
    "rating": "PG",
    "categories": ["Horror"],
    "rental_rate": 0.99,
    "actors": ["PENELOPE GUINESS"],
    "language": "English",
    "description": "A Drama of a Teacher",
}


@pytest.fixture(scope="module")
def store() -> FilmStore:
    return FilmStore([*FilmStore.from_catalogue().films, card(900, PENELOPE)])


def searches(store: FilmStore, question: str) -> list[dict[str, Any]]:
    return [arguments for function, arguments in ask(store, question).calls if function == "find_films"]


@pytest.mark.parametrize(("question", "arguments"), CRITERIA)
def test_criteria_become_arguments(store: FilmStore, question: str, arguments: dict[str, Any]) -> None:
    assert searches(store, question) == [arguments]


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ("under two hours", {"max_length": 119}),
        ("of at most two hours", {"max_length": 120}),
        ("no longer than 1 hour 45 minutes", {"max_length": 105}),
        ("shorter than ninety minutes", {"max_length": 89}),
        ("under an hour and a half", {"max_length": 89}),
        ("over 2 and a half hours", {"min_length": 151}),
        ("longer than 2h", {"min_length": 121}),
        ("at least 100 min long", {"min_length": 100}),
        ("between 90 and 120 minutes", {"min_length": 90, "max_length": 120}),
        ("between 1 and 2 hours", {"min_length": 60, "max_length": 120}),
        ("of a hundred and twenty minutes or less", {"max_length": 120}),
        ("under $3", {"max_rental_rate": 2.99}),
        ("cheaper than 1 dollar", {"max_rental_rate": 0.99}),
        ("for less than a dollar", {"max_rental_rate": 0.99}),
        ("for at most 99 cents", {"max_rental_rate": 0.99}),
        ("for $2.99 or less", {"max_rental_rate": 2.99}),
        ("costing under 2", {"max_rental_rate": 1.99}),
        ("from 1994", {"min_year": 1994, "max_year": 1994}),
        ("released in 1994", {"min_year": 1994, "max_year": 1994}),
        ("before 1990", {"max_year": 1989}),
        ("older than 1970", {"max_year": 1969}),
        ("after 2000", {"min_year": 2001}),
        ("since 2000", {"min_year": 2000}),
        ("from 1995 onwards", {"min_year": 1995}),
        ("until 1960", {"max_year": 1960}),
        ("between 1980 and 1990", {"min_year": 1980, "max_year": 1990}),
        ("from 1980 to 1990", {"min_year": 1980, "max_year": 1990}),
        ("from the nineties", {"min_year": 1990, "max_year": 1999}),
        ("from the 1990s", {"min_year": 1990, "max_year": 1999}),
        ("from the 90's", {"min_year": 1990, "max_year": 1999}),
        ("from the early 90s", {"min_year": 1990, "max_year": 1993}),
        ("from before the 90s", {"max_year": 1989}),
        ("of the 2010s", {"min_year": 2010, "max_year": 2019}),
    ],
)
def test_amounts_and_periods(store: FilmStore, said: str, bounds: dict[str, Any]) -> None:
    assert searches(store, f"films {said}") == [bounds]


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        ("action or horror films", [{"categories": ["Action"]}, {"categories": ["Horror"]}]),
        ("sports documentaries", [{"categories": ["Documentary", "Sports"]}]),
        ("movies with Tom Hanks and Meg Ryan", [{"actors": ["Tom Hanks", "Meg Ryan"]}]),
        ("the most expensive film", [{"sort": "most_expensive"}]),
        ("films for more than $3", [{"min_rental_rate": 3.01}]),
        ("comedies but nothing rated R", [{"categories": ["Comedy"], "without_ratings": ["R"]}]),
        ("horror without Sigourney Weaver", [{"categories": ["Horror"], "without_actors": ["Sigourney Weaver"]}]),
        ("dramas, no sports", [{"categories": ["Drama"], "without_categories": ["Sports"]}]),
        ("films in Japanese", [{"language": "Japanese"}]),
        ("films that I can stream", [{"streaming": True}]),
        ("films about a shark", [{"words": "shark"}]),
    ],
)
def test_several_values_and_exclusions_become_arguments(
    store: FilmStore, question: str, calls: list[dict[str, Any]]
) -> None:
    assert searches(store, question) == calls


@pytest.mark.parametrize("question", ["best film of all time", "highest rated movies of the critics"])
def test_criteria_that_the_store_does_not_record_are_not_searched(store: FilmStore, question: str) -> None:
    assert searches(store, question) == []


@pytest.mark.parametrize(
    "title",
    ["School of Rock", "The Sound of Music", "Family Sweet", "HORROR REIGN", "Holiday Games", "Short Cuts", "Rain Man"],
)
def test_a_category_in_a_title_does_not_make_it_a_list(title: str) -> None:
    store = FilmStore([card(1, {**PENELOPE, "title": title})])
    for question in (f"How much is {title}?", title):
        assert searches(store, question) == []
        assert title in str(ask(store, question).answer)
