"""How well the films that a search found fit the title that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from app.agents.offline.plan import Certainty, Lookup, Reading, Title
from app.agents.offline.text import closeness, title_key

Film = Mapping[str, Any]
"""A film as the film search shows it; any value may be None."""

_SLIP = 0.8
"""From this closeness on a title is a misspelling of the other."""
_ALIKE = {Certainty.CERTAIN: 0.7, Certainty.LIKELY: 0.72, Certainty.GUESS: 0.85}
"""From this closeness on it is worth asking whether the title was meant."""
_NEARLY = 0.06
_SHORT_KEY = 6
"""Characters; one letter of a shorter title makes another film of it: "Babel" is not "Babe"."""
_MOST_SUGGESTED = 3
_WORDS_OF_A_GUESS = 3
_ARTICLE_AND_NOUN = 2


class Fit(IntEnum):
    """From "no such film" to "this very film"."""

    MISSING = 0
    SUGGESTED = 1
    OTHER_YEAR = 2
    CORRECTED = 3
    PARTIAL = 4
    FOUND = 5


@dataclass(frozen=True)
class Match:
    """The films of the store for one title."""

    title: Title
    fit: Fit = Fit.MISSING
    films: Sequence[Film] = ()
    total: int = 0
    others: Sequence[str] = field(default=())
    close: float = 0.0


def match_title(title: Title, result: Mapping[str, Any], certainty: Certainty) -> Match:
    """What a title search says about the title."""
    films = [film for film in result.get("films") or () if film.get("title")]
    keys = {title_key(title.text), title_key(title.said or title.text)}
    same = [film for film in films if title_key(film["title"]) in keys]
    if result.get("match") == "exact":
        same = same or films
    others = tuple(result.get("other_titles") or ())
    if same:
        return _of_year(title, same, others)
    if result.get("match") == "partial" and films:
        if not _says_enough(title.text, certainty):
            return Match(title)
        return Match(title, Fit.PARTIAL, films, result.get("total") or len(films), others, 1.0)
    return _misspelt(title, films, certainty)


def _says_enough(text: str, certainty: Certainty) -> bool:
    """For a part of a title to be taken for it: "the earth" in "How old is the earth?" is not about EARTH VISION."""
    words = text.split()
    if certainty == Certainty.GUESS:
        return len(words) >= _WORDS_OF_A_GUESS
    return certainty == Certainty.CERTAIN or len(words) != _ARTICLE_AND_NOUN or words[0] not in ("the", "a", "an")


def _of_year(title: Title, films: Sequence[Film], others: Sequence[str]) -> Match:
    if title.newest is not None:
        ordered = sorted(films, key=lambda film: film.get("release_year") or 0, reverse=title.newest)
        return Match(title, Fit.FOUND, ordered[:1], 1, others, 1.0)
    if title.year is None:
        return Match(title, Fit.FOUND, films, len(films), others, 1.0)
    of_year = [film for film in films if film.get("release_year") == title.year]
    if of_year:
        return Match(title, Fit.FOUND, of_year, len(of_year), others, 1.0)
    return Match(title, Fit.OTHER_YEAR, films, len(films), others, 1.0)


def _misspelt(title: Title, films: Sequence[Film], certainty: Certainty) -> Match:
    scored = sorted(
        ((max(closeness(title.text, film["title"]), closeness(title.said, film["title"])), film) for film in films),
        key=lambda pair: -pair[0],
    )
    alike = [(close, film) for close, film in scored if close >= _ALIKE[certainty]]
    if not alike:
        return Match(title)
    best = alike[0][0]
    near = [film for close, film in alike if close >= best - _NEARLY]
    one_title = len({title_key(film["title"]) for film in near}) == 1
    if best >= _SLIP and one_title and len(title_key(title.text)) >= _SHORT_KEY:
        return Match(title, Fit.CORRECTED, near, len(near), (), best)
    return Match(title, Fit.SUGGESTED, near[:_MOST_SUGGESTED], len(near), (), best)


def best_reading(lookup: Lookup, matches: Mapping[Title, Match]) -> tuple[Reading, list[Match]]:
    """The reading whose titles the store has best, and what it has of them; the first of equals."""
    candidates = [(reading, [matches[title] for title in reading.titles]) for reading in lookup.readings]
    reading, found = max(candidates, key=lambda candidate: _score(candidate[1]))
    return reading, _narrowed(found)


def _score(found: Sequence[Match]) -> float:
    fits = [match.fit for match in found]
    if len(fits) > 1 and min(fits) < Fit.CORRECTED and 2 * fits.count(Fit.FOUND) < len(fits):
        return 0.0
    return sum(fits) / len(fits)


def _narrowed(found: Sequence[Match]) -> list[Match]:
    """ "The Good", "the Bad" and "the Ugly" are parts of one title: what several of them name is meant."""
    result: list[Match] = []
    seen: set[int] = set()
    for match in found:
        other_ids = {film.get("film_id") for other in found if other is not match for film in other.films}
        shared = [film for film in match.films if film.get("film_id") in other_ids]
        if match.fit == Fit.PARTIAL and shared:
            match = Match(match.title, Fit.FOUND, shared[:1], 1, (), 1.0)
        ids = {int(film["film_id"]) for film in match.films if film.get("film_id") is not None}
        if not ids or not ids <= seen:
            result.append(match)
        seen |= ids
    return result
