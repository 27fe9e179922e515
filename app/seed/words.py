"""The words for names of people, addresses and invented films, from `words.json`."""

from __future__ import annotations

import json
from importlib import resources
from typing import NamedTuple


class City(NamedTuple):
    """A real city; people and streets in it are invented."""

    name: str
    district: str
    country: str


_WORDS = json.loads(resources.files("app.seed").joinpath("words.json").read_text(encoding="utf-8"))

FIRST_NAMES: tuple[str, ...] = tuple(_WORDS["first_names"])
LAST_NAMES: tuple[str, ...] = tuple(_WORDS["last_names"])
STREETS: tuple[str, ...] = tuple(_WORDS["streets"])
CITIES = tuple(City(*entry) for entry in _WORDS["cities"])
COUNTRIES = tuple(dict.fromkeys(city.country for city in CITIES))
HEROES: tuple[str, ...] = tuple(_WORDS["heroes"])
SCENES: tuple[str, ...] = tuple(_WORDS["scenes"])
PLOTS: tuple[str, ...] = tuple(_WORDS["plots"])
