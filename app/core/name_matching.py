"""Find which of many names a text mentions: spelt exactly, in part, by initials, or misspelt.

Names come from a database, which has chosen the candidates; here the spelling decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from app.core.name_spellings import (
    COMMON,
    Token,
    canonical,
    keys_of,
    squashed,
    tokens_of,
    tokens_of_name,
    without_article,
)
from app.core.similarity import letters_alike, trigrams

LONGEST_NAME = 10
"""Words of a name that are looked for at most."""
LIKE = 0.75
"""From this likeness on a text may be a misspelling of a name."""
_LIKE_ONE_WORD = 0.8
_SHARED_TRIGRAMS = 0.3
_MOST_NAMES = 12
"""Names that one mention may stand for."""
_MISSPELT_FROM, _MISSPELT = 5, 0.85
_COMMON_SHARE = 8
"""A word that more names than this have in common says nothing by itself."""


class Match(str, Enum):
    """How well a text fits a name."""

    EXACT = "exact"
    PARTIAL = "partial"
    SIMILAR = "similar"


@dataclass(frozen=True)
class Name:
    """A name to look for."""

    id: int
    text: str


@dataclass(frozen=True)
class Mention:
    """A run of tokens and the names that it may stand for, the best first. `is_common`: perhaps it means nothing."""

    first: int
    last: int
    match: Match
    score: float
    ids: tuple[int, ...]
    is_common: bool = False

    def overlaps(self, other: Mention) -> bool:
        """Return whether both have a token in common."""
        return self.first <= other.last and other.first <= self.last


def mentions_in(text: str, names: Sequence[Name], ordinary: frozenset[str] = frozenset()) -> list[Mention]:
    """Return the mentions, in the order of the text; each token belongs to one at most.

    A single `ordinary` word is a mention only where it is a whole name.
    """
    if not names:
        return []
    tokens = tokens_of(text)
    found = _exact(tokens, names)
    strong = [mention for mention in found if not mention.is_common]
    rest = [
        mention
        for mention in _inexact(tokens, names, strong, ordinary)
        if mention.first < mention.last or tokens[mention.first].word not in ordinary
    ]
    kept = [*strong, *rest]
    kept += [mention for mention in found if mention.is_common and not any(map(mention.overlaps, kept))]
    return sorted(kept, key=lambda mention: mention.first)


def _exact(tokens: Sequence[Token], names: Sequence[Name]) -> list[Mention]:
    whole: dict[str, list[int]] = defaultdict(list)
    in_part: dict[str, list[int]] = defaultdict(list)
    for name in names:
        for keys, ids in zip(keys_of(name.text), (whole, in_part), strict=True):
            for key in keys:
                ids[key].append(name.id)
    found: list[Mention] = []
    longest = max(len(tokens_of_name(name.text)) for name in names) + 1
    for length in range(min(LONGEST_NAME, longest, len(tokens)), 0, -1):
        for first in range(len(tokens) - length + 1):
            mention = _named(tokens, first, length, whole, in_part)
            if mention is not None and not any(map(mention.overlaps, found)):
                found.append(mention)
    return found


def _named(
    tokens: Sequence[Token], first: int, length: int, whole: dict[str, list[int]], in_part: dict[str, list[int]]
) -> Mention | None:
    run = tokens[first : first + length]
    words = [token.word for token in run]
    keys = (squashed(words), squashed([token.joined for token in run]), canonical(words))
    last = first + length - 1
    for key in keys:
        if ids := whole.get(key):
            return Mention(first, last, Match.EXACT, 1.0, tuple(ids), _is_common(tokens, first, length))
    for key in keys:
        if (
            (ids := in_part.get(key))
            and not _is_common(tokens, first, length)
            and (length > 1 or _may_be_initials(run[0]))
        ):
            return Mention(first, last, Match.PARTIAL, 0.9, tuple(ids[:_MOST_NAMES]))
    return None


def _may_be_initials(token: Token) -> bool:
    return token.word not in COMMON and (len(token.word) > 2 or token.text.isupper())


def _is_common(tokens: Sequence[Token], first: int, length: int) -> bool:
    """Whether the words are such as "it" or "get out", not written as a name is."""
    run = tokens[first : first + length]
    if any(token.word not in COMMON and len(token.word) > 1 for token in run):
        return False
    shouted = all(token.text.isupper() or not token.text.isalpha() for token in tokens)
    as_name = all(token.text[0].isupper() or token.text.isdecimal() for token in run)
    return not as_name or first == 0 != len(tokens) - length or (shouted and len(tokens) > length)


def _inexact(
    tokens: Sequence[Token], names: Sequence[Name], taken: Sequence[Mention], ordinary: frozenset[str]
) -> list[Mention]:
    free = {i for i in range(len(tokens)) if not any(mention.first <= i <= mention.last for mention in taken)}
    if all(tokens[i].word in COMMON or tokens[i].word in ordinary for i in free):
        return []
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        for word in {token.word for token in tokens_of_name(name.text)}:
            counts[word] += 1
    best: dict[tuple[int, int], list[tuple[float, Match, int]]] = defaultdict(list)
    for name in names:
        for first, last, match, score in (*_partial(tokens, free, name, counts), *_similar(tokens, free, name)):
            best[first, last].append((score, match, name.id))
    ranked = sorted(best.items(), key=lambda item: (-max(item[1])[0], item[0][0] - item[0][1]))
    found: list[Mention] = []
    for (first, last), options in ranked:
        top, match, _ = max(options)
        near = sorted((option for option in options if option[0] > top - 0.12), key=lambda option: -option[0])
        mention = Mention(first, last, match, round(top, 2), tuple(dict.fromkeys(i for *_, i in near))[:_MOST_NAMES])
        if not any(map(mention.overlaps, found)):
            found.append(mention)
    return found


def _partial(
    tokens: Sequence[Token], free: set[int], name: Name, counts: dict[str, int]
) -> Iterator[tuple[int, int, Match, float]]:
    """Runs of the text whose words are words of the name."""
    words = {token.word for token in tokens_of_name(name.text)}
    telling = {word for word in words if word not in COMMON and (len(word) > 2 or word.isdecimal())}
    whole = sum(map(len, telling))
    run: dict[int, str] = {}
    for i in range(len(tokens) + 1):
        if i < len(tokens) and i in free and (word := _own_word(tokens[i].word, words, telling)):
            run[i] = word
            continue
        shared = set(run.values()) & telling
        if shared and whole and (len(shared) > 1 or counts[min(shared)] <= _COMMON_SHARE):
            coverage = sum(map(len, shared)) / whole
            spelt = all(tokens[j].word == word for j, word in run.items())
            if not all(word.isdecimal() for word in shared):
                match, discount = (Match.PARTIAL, 0.0) if spelt else (Match.SIMILAR, 0.05)
                yield min(run), max(run), match, 0.5 + 0.45 * coverage - discount
        run = {}


def _own_word(said: str, words: set[str], telling: set[str]) -> str:
    """Return the word of a name that is said, be it misspelt, or an empty text."""
    if said in words:
        return said
    return next((word for word in telling if _is_misspelt(said, word)), "")


@lru_cache(maxsize=16384)
def _is_misspelt(said: str, word: str) -> bool:
    if said in COMMON or min(len(said), len(word)) < _MISSPELT_FROM or said[0] != word[0]:
        return False
    return abs(len(said) - len(word)) < 3 and letters_alike(said, word) >= _MISSPELT


def _similar(tokens: Sequence[Token], free: set[int], name: Name) -> Iterator[tuple[int, int, Match, float]]:
    """Runs of the text spelt like the name."""
    own = tokens_of_name(name.text)
    words = [token.word for token in own]
    whole = squashed(without_article(words))
    if len(whole) < _MISSPELT_FROM:
        return
    shape = trigrams(name.text)
    alike = [i for i in free if _shares(tokens[i].word, shape)]
    if not alike:
        return
    for length in {max(len(words) - 1, 1), len(words), len(words) + 1}:
        for first in {start for i in alike for start in range(i - length + 1, i + 1)}:
            run = range(first, first + length)
            if first < 0 or not free.issuperset(run):
                continue
            said = [tokens[i].word for i in run]
            if all(word in COMMON for word in said) or (said[-1] in COMMON and words[-1] not in COMMON):
                continue
            score = letters_alike(squashed(without_article(said)), whole)
            if score >= (LIKE if len(said) > 1 else _LIKE_ONE_WORD):
                yield first, first + length - 1, Match.SIMILAR, score - 0.02 * (said[0] in COMMON)


def _shares(word: str, shape: frozenset[str]) -> bool:
    own = trigrams(word)
    return word not in COMMON and len(own & shape) >= _SHARED_TRIGRAMS * len(own)
