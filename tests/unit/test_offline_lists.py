"""How the offline model understands questions for several films: the arguments of its criteria search."""

from __future__ import annotations

from typing import Any

import pytest

from app.agents.offline.intent import plan_for
from app.agents.offline.plan import Find, HandOver

CRITERIA: list[tuple[str, dict[str, Any]]] = [
    ("action movies under two hours", {"category": "Action", "max_length": 119}),
    ("R-rated horror from the 80s", {"category": "Horror", "rating": "R", "min_year": 1980, "max_year": 1989}),
    ("comedies before 1990", {"category": "Comedy", "max_year": 1989}),
    ("short family films", {"category": "Family", "sort": "shortest"}),
    ("cheapest sci-fi", {"category": "Sci-Fi", "sort": "cheapest"}),
    ("longest drama", {"category": "Drama", "sort": "longest"}),
    ("newest films", {"sort": "newest"}),
    ("what's new?", {"sort": "newest"}),
    ("horror", {"category": "Horror"}),
    ("Show me the comedies", {"category": "Comedy"}),
    ("kids' movies", {"category": "Children"}),
    ("What's in the Games category?", {"category": "Games"}),
    ("films with Tom Hanks", {"actor": "Tom Hanks"}),
    ("what has Tom Hanks been in?", {"actor": "Tom Hanks"}),
    ("Which films does Sigourney Weaver star in?", {"actor": "Sigourney Weaver"}),
    ("Is Tom Hanks in any of your films?", {"actor": "Tom Hanks"}),
    ("movies with PENELOPE GUINESS", {"actor": "PENELOPE GUINESS"}),
    ("a film where Jodie Foster stars", {"actor": "Jodie Foster"}),
    ("Do you have anything with Bill Murray?", {"actor": "Bill Murray"}),
    (
        "what are the cheapest sci-fi movies with Harrison Ford in them",
        {"category": "Sci-Fi", "actor": "Harrison Ford", "sort": "cheapest"},
    ),
    (
        "comedies with Tom Hanks from the eighties for under 3 bucks",
        {"category": "Comedy", "actor": "Tom Hanks", "min_year": 1980, "max_year": 1989, "max_rental_rate": 2.99},
    ),
    ("which movies are rated PG-13 and shorter than 100 minutes?", {"rating": "PG-13", "max_length": 99}),
    ("any good comedies in stock?", {"category": "Comedy", "in_stock": True}),
    ("two horror movies from the eighties", {"category": "Horror", "limit": 2, "min_year": 1980, "max_year": 1989}),
    ("top 10 newest films", {"limit": 10, "sort": "newest"}),
    ("I want to watch something funny from the 90s", {"category": "Comedy", "min_year": 1990, "max_year": 1999}),
    ("What should I watch tonight?", {"in_stock": True, "sort": "newest"}),
    ("how many films do you have", {}),
]


@pytest.mark.parametrize(("question", "arguments"), CRITERIA)
def test_criteria_become_arguments(question: str, arguments: dict[str, Any]) -> None:
    plan = plan_for(question)
    assert isinstance(plan, Find)
    assert [dict(call) for call in plan.calls] == [arguments]


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
def test_amounts_and_periods(said: str, bounds: dict[str, Any]) -> None:
    plan = plan_for(f"films {said}")
    assert isinstance(plan, Find)
    assert [dict(call) for call in plan.calls] == [bounds]


@pytest.mark.parametrize(
    ("question", "calls", "either"),
    [
        ("action or horror films", [{"category": "Action"}, {"category": "Horror"}], True),
        (
            "sports documentaries",
            [{"category": "Sports", "limit": 20}, {"category": "Documentary", "limit": 20}],
            False,
        ),
        (
            "movies with Tom Hanks and Meg Ryan",
            [{"actor": "Tom Hanks", "limit": 20}, {"actor": "Meg Ryan", "limit": 20}],
            False,
        ),
    ],
)
def test_two_of_a_kind_are_two_searches(question: str, calls: list[dict[str, Any]], either: bool) -> None:
    plan = plan_for(question)
    assert isinstance(plan, Find)
    assert [dict(call) for call in plan.calls] == calls
    assert plan.either is either


@pytest.mark.parametrize(
    "question",
    ["the most expensive film", "films for more than $3", "best film of all time", "highest rated movies"],
)
def test_what_cannot_be_searched_for_is_handed_over(question: str) -> None:
    assert plan_for(question) == HandOver()


@pytest.mark.parametrize(
    "title",
    ["School of Rock", "The Sound of Music", "Family Sweet", "HORROR REIGN", "Holiday Games", "Short Cuts", "Rain Man"],
)
def test_a_category_in_a_title_does_not_make_it_a_list(title: str) -> None:
    assert not isinstance(plan_for(f"How much is {title}?"), Find)
    assert not isinstance(plan_for(title), Find)
