"""Spellings of names: their words, and the forms that stand for the same name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import takewhile

from app.core.similarity import fold

_LONGEST_WORD = 64
"""Characters of a word that are read: caches keep words of callers."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|&")
_SUBTITLE = re.compile(r":\s|\s[-–]\s")
_ARTICLES = frozenset({"the", "a", "an"})
_IGNORED = frozenset({"part", "episode", "volume", "vol", "chapter"})
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_ROMAN = ("ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_DIGITS = {
    **{word: str(number) for number, word in enumerate(_NUMBERS)},
    **{numeral: str(number) for number, numeral in enumerate(_ROMAN, 2)},
}
_LETTERS_AS_DIGITS = (str.maketrans("013457", "oieasv"), str.maketrans("013457", "oleast"))
COMMON = frozenset(resources.files("app.core").joinpath("common_words.txt").read_text(encoding="utf-8").split())
"""Words that say nothing by themselves, even where they are somebody's name."""


@dataclass(frozen=True)
class Token:
    """A word of a text: as spelt, and in lower case without accents or "'s"."""

    text: str
    start: int
    end: int
    word: str
    joined: str
    """The word with its "s": "whats"."""


@lru_cache(maxsize=64)
def tokens_of(text: str) -> tuple[Token, ...]:
    """Split a text into words."""
    return _split(text)


@lru_cache(maxsize=8192)
def tokens_of_name(name: str) -> tuple[Token, ...]:
    """Split a name into words. Names are kept for longer than texts, as every text is compared with all of them."""
    return _split(name)


def _split(text: str) -> tuple[Token, ...]:
    return tuple(_token(match) for match in _WORD.finditer(text))


def _token(match: re.Match[str]) -> Token:
    plain = "and" if match[0] == "&" else fold(match[0][:_LONGEST_WORD]).replace("’", "'")
    joined = plain.replace("'", "").replace("⁄", "")
    word = plain.removesuffix("'s").replace("'", "").replace("⁄", "")
    return Token(match[0], match.start(), match.end(), word, joined)


def squashed(words: Iterable[str]) -> str:
    """The words without spaces: "spider man" and "spiderman" are the same."""
    return "".join(words)


def canonical(words: Iterable[str]) -> str:
    """The same with numbers in digits: "part two", "II" and "2"."""
    return "".join(_DIGITS.get(word, word) for word in words if word not in _IGNORED)


@lru_cache(maxsize=16384)
def keys_of(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The spellings that are the name itself, and those of its title or subtitle alone."""
    whole = _spellings(name)
    parts = [part for part in _SUBTITLE.split(name) if part != name]
    in_part = {key for part in parts for key in _spellings(part) if not key.isdecimal()}
    letters = list(takewhile(lambda token: len(token.word) == 1 and token.word.isalpha(), tokens_of_name(name)))
    if len(letters) > 1:
        in_part.add(squashed(token.word for token in letters))
    for part in (name, *parts[:1]):
        words = [token.word for token in tokens_of_name(part)]
        initials = "".join(word[0] for word in words if word)
        if len(words) > 2:
            in_part |= {initials, "".join(word[0] for word in without_article(words) if word)}
    return frozenset(whole), frozenset(key for key in in_part if len(key) > 1) - whole


def _spellings(name: str) -> set[str]:
    tokens = tokens_of_name(name)
    found = set()
    for words in ([token.word for token in tokens], [token.joined for token in tokens]):
        for variant in (words, without_article(words)):
            found |= {squashed(variant), canonical(variant)}
        if any(word.isalnum() and not word.isalpha() and not word.isdecimal() for word in words):
            found |= {squashed(words).translate(table) for table in _LETTERS_AS_DIGITS}
    return found - {""}


def without_article(words: Sequence[str]) -> Sequence[str]:
    """Return the words without a leading article, unless it is the only word."""
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words
