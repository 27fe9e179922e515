"""Similarity of texts: by trigrams, as Postgres' pg_trgm measures it, and by letters in the same order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return the text in lower case without accents: "Amélie" becomes "amelie"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=16384)
def trigrams(text: str) -> frozenset[str]:
    """Return the trigrams of each word, as pg_trgm does."""
    padded = (f"  {word} " for word in _WORD.findall(fold(text)))
    return frozenset(word[i : i + 3] for word in padded for i in range(len(word) - 2))


def similarity(left: str, right: str) -> float:
    """Return shared trigrams over all trigrams, 0.0 to 1.0: pg_trgm's measure, also an SQL function on SQLite."""
    a, b = trigrams(left), trigrams(right)
    if not a or not b:
        return 0.0
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def likeness(asked: str, name: str) -> float:
    """Return how well a misspelt text fits a name, 0.0 to 1.0: "alein" fits "alien" with 0.8.

    A text also fits some consecutive words of a longer name ("lord of the rigns"), at a discount; a single word less.
    """
    whole = letters_alike(asked, name)
    count, words = len(asked.split()), name.split()
    if not 0 < count < len(words):
        return whole
    runs = (" ".join(words[start : start + count]) for start in range(len(words) - count + 1))
    return max(whole, (0.95 if count > 1 else 0.85) * max(letters_alike(asked, run) for run in runs))


def nearest(word: str, words: Iterable[str]) -> tuple[str, float]:
    """Return the word that shares most letters with this one, and how well it fits, 0.0 to 1.0."""
    from rapidfuzz.fuzz import ratio
    from rapidfuzz.process import extractOne

    found = extractOne(word, words, scorer=ratio)
    return (found[0], found[1] / 100) if found else ("", 0.0)


def letters_alike(left: str, right: str) -> float:
    """Return letters in the same order over all letters, 0.0 to 1.0."""
    # Imported on first use: it takes 0.1 s, which start-up and most commands do not need.
    from rapidfuzz.fuzz import ratio

    return ratio(left, right) / 100
