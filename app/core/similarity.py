"""How alike two titles are, as Postgres' pg_trgm measures it; SQLite borrows this as an SQL function."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SIMILAR = 0.3
"""pg_trgm's default threshold: from here on two texts count as alike."""

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case without accents: "Amélie" and "amelie" fold to the same text."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=16384)
def _trigrams(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in _WORD.findall(fold(text)))
    return frozenset(word[i : i + 3] for word in padded for i in range(len(word) - 2))


def similarity(left: str, right: str) -> float:
    """Shared trigrams over all trigrams, 0.0 to 1.0."""
    a, b = _trigrams(left), _trigrams(right)
    if not a or not b:
        return 0.0
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)
