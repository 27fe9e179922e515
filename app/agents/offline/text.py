"""Reading and comparing what people type: tidying, titles' keys, how close two titles are, numbers in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from app.core.similarity import fold, likeness

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛`´ʼ′", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": " ",
        "¿": " ",
        "¡": " ",
    }
)
_SYMBOL_CATEGORIES = frozenset({"So", "Sk", "Cc", "Cf", "Co", "Cs", "Cn"})
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"the", "a", "an"})
_BEFORE_NUMBER = frozenset({"part", "chapter", "episode", "vol", "volume"})
_SAME_WORD = {"versus": "v", "vs": "v", "ii": "2", "iii": "3", "iv": "4", "dr": "doctor", "mr": "mister"}

_OTHER_NUMBER = 0.75

UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {word: number for number, word in enumerate(UNITS)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_NUMBER_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
NUMBER = (
    rf"(?:\d+(?:[.,]\d+)?|(?:a |one )?hundred(?: and)?(?: (?:{_NUMBER_WORD})){{0,2}}"
    rf"|(?:{_NUMBER_WORD})(?:[- ](?:{_NUMBER_WORD}))?)"
)
"""A pattern for a number, in digits or in words up to 199."""


def tidy(text: str) -> str:
    """Plain quotes and hyphens, single spaces, no control characters, no emoji."""
    plain = text.translate(_TYPOGRAPHY)
    if not plain.isascii():
        plain = "".join(" " if unicodedata.category(c) in _SYMBOL_CATEGORIES else c for c in plain)
    return _SPACES.sub(" ", plain).strip()


def words(text: str) -> list[str]:
    """Lower-case words without accents; an apostrophe does not end a word."""
    return _WORD.findall(fold(text.replace("½", " 1/2")).replace("'", "").replace("’", ""))


def title_key(title: str) -> str:
    """Titles with the same key are one title to a person: "Thelma and Louise" and "Thelma & Louise"."""
    found = words(title)
    while len(found) > 1 and found[0] in _ARTICLES:
        del found[0]
    if not found:
        return ""
    known = [_SAME_WORD.get(word) or str(_NUMBERS.get(word, word)) for word in found if word != "and"] or found
    kept = [
        word
        for word, after in zip(known, [*known[1:], ""], strict=True)
        if not (word in _BEFORE_NUMBER and after.isdigit())
    ]
    return " ".join(kept)


def closeness(asked: str, title: str) -> float:
    """How likely `title` is what was meant by `asked`: 1.0 the same, 0.8 a slip of the pen, below 0.7 another."""
    left, right = title_key(asked), title_key(title)
    if left == right:
        return 1.0
    likely = likeness(left, right)
    # "Toy Story 4" is no slip of the pen for "Toy Story 3".
    return likely if _digits(left.split()) == _digits(right.split()) else min(likely, _OTHER_NUMBER)


def _digits(found: Iterable[str]) -> list[str]:
    return [word for word in found if word.isdigit()]


def number(text: str) -> float:
    """The value of what NUMBER matches."""
    spelt = text.lower().replace("-", " ").split()
    if spelt[0][0].isdigit():
        return float(spelt[0].replace(",", "."))
    hundreds = 100 if "hundred" in spelt else 0
    if hundreds and spelt[0] in ("a", "one"):
        del spelt[0]
    return float(hundreds + sum(_NUMBERS.get(word, 0) for word in spelt))


def listed(items: Sequence[str], last: str = "and") -> str:
    """ "A", "A and B", "A, B and C"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def money(amount: float | str) -> str:
    """In dollars: $2.99."""
    return f"${float(amount):.2f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """ "1 copy", "2 copies"."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def minutes(length: int) -> str:
    """ "117 minutes (1 h 57 min)", and "50 minutes" below an hour."""
    hours, rest = divmod(length, 60)
    if not hours:
        return counted(length, "minute")
    return f"{counted(length, 'minute')} ({hours} h {rest} min)" if rest else f"{length} minutes ({hours} h)"
