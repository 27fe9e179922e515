"""A model's arguments, bound by a function's own types."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import pytest

from app.agents.arguments import ArgumentError, bind


class Rating(str, Enum):
    G = "G"
    R = "R"


class Tool:
    async def find(
        self,
        title: Annotated[str, "The title"],
        category: Annotated[str | None, "A category"] = None,
        limit: Annotated[int, "How many"] = 5,
        rate: float | None = None,
        in_stock: bool | None = None,
        rating: Rating | None = None,
        names: list[str] | None = None,
    ) -> str:
        return title


def bound(**given: object) -> dict[str, object]:
    return bind(Tool().find, {"title": "Alien", **given})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, {}),
        ({"category": None, "limit": None, "rate": None, "in_stock": None}, {}),
        ({"category": "", "limit": "", "rate": " ", "in_stock": "null", "rating": "None"}, {}),
        ({"limit": "5"}, {"limit": 5}),
        ({"limit": "5.0"}, {"limit": 5}),
        ({"limit": 5.0}, {"limit": 5}),
        ({"rate": "2.99"}, {"rate": 2.99}),
        ({"rate": 3}, {"rate": 3.0}),
        ({"in_stock": "false"}, {"in_stock": False}),
        ({"in_stock": "True"}, {"in_stock": True}),
        ({"rating": "R"}, {"rating": Rating.R}),
        ({"names": ["a"]}, {"names": ["a"]}),
        ({"category": 7}, {"category": "7"}),
    ],
)
def test_valid_arguments_are_bound(given: dict[str, object], read: dict[str, object]) -> None:
    assert bound(**given) == {"title": "Alien", **read}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"limit": "Alien"}, "limit must be a whole number."),
        ({"limit": 5.5}, "limit must be a whole number."),
        ({"limit": True}, "limit must be a whole number."),
        ({"limit": [5]}, "limit must be a whole number."),
        ({"rate": "cheap"}, "rate must be a number."),
        ({"rate": "nan"}, "rate must be a number."),
        ({"in_stock": "perhaps"}, "in_stock must be true or false."),
        ({"rating": "X"}, "rating must be one of G, R."),
        ({"names": "a"}, "names must be a list."),
        ({"category": {"name": "Horror"}}, "category must be a text."),
        ({"title": None}, "title is missing: it must be a text."),
        (
            {"year": 1979},
            "Unknown argument year: this tool takes only title, category, limit, rate, in_stock, rating, names.",
        ),
    ],
)
def test_an_invalid_argument_is_named(given: dict[str, object], told: str) -> None:
    with pytest.raises(ArgumentError) as error:
        bound(**given)
    assert str(error.value) == told


def test_a_function_without_parameters_takes_none() -> None:
    assert bind(None, {}) == {}
    with pytest.raises(ArgumentError, match="takes none"):
        bind(None, {"reason": "x"})


def test_a_lone_surrogate_in_an_argument_is_replaced() -> None:
    assert bound(category="\ud83d")["category"] == "\N{REPLACEMENT CHARACTER}"
