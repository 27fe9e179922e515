"""Convert a model's search criteria to the columns' types and bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from app.models.types import MINUTES, RELEASE_YEARS, Rating
from plugins.results import clean

_MOST = 5
"""Maximum names."""


def names_of(*given: str | list[str] | None) -> tuple[str, ...]:
    """Return the names given in one parameter or the other, without blanks and duplicates."""
    flat = (name for value in given for name in (value if isinstance(value, list) else [value or ""]))
    return tuple(dict.fromkeys(filter(None, map(clean, flat))))[:_MOST]


def ratings_of(*given: str | list[str] | None) -> tuple[Rating, ...]:
    """Return the ratings; raises ValueError if invalid."""
    return tuple(Rating(name.upper()) for name in names_of(*given))


def stems_of(words: str | None) -> tuple[str, ...]:
    """Return the words without a plural "s", so that "sharks" finds a shark."""
    return tuple(dict.fromkeys(_stems((words or "").split())))[:_MOST]


def _stems(words: Iterable[str]) -> Iterable[str]:
    for word in map(clean, words):
        if stem := word.strip(".,;!?\"'"):
            yield stem.removesuffix("s") if len(stem) > 3 and not stem.endswith("ss") else stem


def year_of(year: int | None) -> int | None:
    """Return the nearest year that the column can hold: Postgres refuses to compare with others."""
    return None if year is None else min(max(year, RELEASE_YEARS[0]), RELEASE_YEARS[1])


def minutes_of(minutes: int | None) -> int | None:
    """Return the nearest length that the column can hold."""
    return None if minutes is None else min(max(minutes, MINUTES[0]), MINUTES[1])


def dollars_of(amount: float | None) -> Decimal | None:
    """Return the nearest amount that the column can hold."""
    if amount is None or math.isnan(amount):
        return None
    return Decimal(str(min(max(amount, 0.0), 99.99)))
