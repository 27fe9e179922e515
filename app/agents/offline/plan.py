"""What a question asks for, once it is understood: which films, which facts, which tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

Arguments = Mapping[str, Any]
"""The arguments of one tool call."""


class Fact(Enum):
    """What can be asked about a film."""

    OVERVIEW = "overview"
    IN_STORE = "in the store"
    PRICE = "price"
    RATING = "rating"
    AUDIENCE = "audience"
    LENGTH = "length"
    YEAR = "year"
    PLOT = "plot"
    CAST = "cast"
    CATEGORY = "category"
    STOCK = "stock"
    LANGUAGE = "language"
    RENTAL_DAYS = "rental days"
    REPLACEMENT = "replacement"
    STREAMING = "streaming"
    FEATURES = "special features"


class Certainty(IntEnum):
    """How sure it is that the question is about a film at all: a guess needs a better match of the title."""

    GUESS = 0
    LIKELY = 1
    CERTAIN = 2


@dataclass(frozen=True)
class Title:
    """A title as asked for. `said` is the phrase before words such as "movie" were taken off."""

    text: str
    year: int | None = None
    said: str = ""
    newest: bool | None = None
    """Of several films with this title the newest, or with False the oldest."""


@dataclass(frozen=True)
class Reading:
    """One way to read a phrase: "Thelma and Louise" is one title, or two."""

    titles: tuple[Title, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Lookup:
    """Facts about films that are named. The first of the readings that fits the store best is meant."""

    readings: tuple[Reading, ...]
    certainty: Certainty = Certainty.LIKELY
    person: str = ""
    """Asked whether this actor is in it."""
    contest: str = ""
    """Asked which film is the "longer", "cheaper" and so on; "both" to see them side by side."""
    whole_words: bool = False
    """Asked for every title with the words in it."""
    bare: bool = False
    """The phrase was all there was: a title or a part of one, and perhaps an actor's name instead."""


@dataclass(frozen=True)
class Find:
    """Films that fit criteria. Several calls: films that fit all of them, or with `either` any of them."""

    calls: tuple[Arguments, ...]
    either: bool = False
    count: bool = False
    """Asked how many there are."""
    first: bool = False
    """Asked for the one that comes first in the order."""
    note: str = ""
    """What could not be honoured, in a sentence."""


@dataclass(frozen=True)
class ActorOrTitle:
    """ "Tom Hanks movies" or "Toy Story movies": the store knows which it is."""

    text: str
    criteria: Arguments


@dataclass(frozen=True)
class Like:
    """Films like another one."""

    title: Title


@dataclass(frozen=True)
class Categories:
    """The store's categories."""


@dataclass(frozen=True)
class WhichFilm:
    """The question is about a film without saying which."""


@dataclass(frozen=True)
class HandOver:
    """Nothing for the film search."""


@dataclass(frozen=True)
class Context:
    """What was talked about before: the last film named, and what was asked about it."""

    title: Title | None = None
    facts: tuple[Fact, ...] = ()
    suggested: Title | None = None
    """ "Did you mean ...?" """


Plan = Lookup | Find | ActorOrTitle | Like | Categories | WhichFilm | HandOver
