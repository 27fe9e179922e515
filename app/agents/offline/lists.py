"""Questions for several films: by criteria, by actor, or by a word that may be either."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from app.agents.offline.amounts import BARRIER
from app.agents.offline.criteria import (
    FILM_NOUN,
    MOST_FILMS,
    PLURAL_FILM_NOUN,
    Criteria,
    read_criteria,
)
from app.agents.offline.grammar import pattern, patterns
from app.agents.offline.plan import ActorOrTitle, Arguments, Find, HandOver, Plan

_ANY_FILM = re.compile(rf"\b(?:{FILM_NOUN}|something|anything|stuff)\b", re.IGNORECASE)
_SEVERAL = pattern("several films")
_ACTOR = pattern("actor")
_NAMED_ACTOR = patterns("named actor")
_ACTORS_FILMS = patterns("films of an actor")
_NOT_A_NAME = pattern("not a name")
_BETWEEN_NAMES = re.compile(r",? and |,? & |, | plus | alongside | together with | or ", re.IGNORECASE)
_FILLERS = frozenset((Path(__file__).parent / "filler_words.txt").read_text(encoding="utf-8").split())
"""Words that say nothing about which films are wanted."""
_OPINION = re.compile(r"\b(?:best|greatest|favou?rite|popular|top|famous|must[- ]see|award)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\s¦]+")
_MOST_LEFT = 2
_EDGE = " ?!.,;:\"'()-"


@lru_cache(maxsize=128)
def list_plan(text: str) -> Plan | None:
    """How to search for several films; None when the text does not ask for that."""
    found = read_criteria(text)
    several = _SEVERAL.search(text) is not None or found.count
    names, rest = _actors(found.rest, several)
    left = _left(rest)
    if found.unsearchable and not left and _ANY_FILM.search(text):
        return HandOver()
    if not several and not found.any and not names:
        return None
    if names and len(left) > _MOST_LEFT:
        return None
    if len(names) == 1 and not left and not _is_person(names[0], found.rest):
        return ActorOrTitle(names[0], {**found.arguments(), **_one_category(found)})
    if (not left or (names and several)) and (names or several or found.categories or found.sort):
        return _find(found, names, text)
    if several and not names and len(left) <= 4:
        return _named(found, rest, left)
    return None


def _find(found: Criteria, names: list[str], text: str) -> Plan:
    if found.unsearchable or (_OPINION.search(text) and not found.any and not names):
        return HandOver()
    note = ""
    if found.language and not found.categories:
        found.categories.append("Foreign")
    if found.language:
        note = "The search cannot tell films by language."
    arguments = found.arguments()
    if not arguments and not names and not found.categories and not found.count:
        if not _WANTS_FILMS.search(text):
            return HandOver()
        arguments = dict(_ANYTHING)
    either = bool(re.search(r"\bor\b", text)) and (len(names) > 1 or len(found.categories) > 1)
    keys: list[Arguments] = [{"category": name} for name in found.categories]
    people: list[Arguments] = [{"actor": name} for name in names]
    if either or len(keys) > 1 or len(people) > 1:
        wide = arguments if either else {**arguments, "limit": MOST_FILMS}
        calls: tuple[Arguments, ...] = tuple({**key, **wide} for key in (*keys, *people))
    else:
        calls = ({**{k: v for key in (*keys, *people) for k, v in key.items()}, **arguments},)
    return Find(calls[:4], either=either, count=found.count, first=_is_one(found, text), note=note)


def _is_one(found: Criteria, text: str) -> bool:
    """ "The longest drama", not "the longest dramas"."""
    plural = re.search(
        rf"\b(?:{PLURAL_FILM_NOUN}|\w+ies|dramas|musicals|ones|releases|arrivals)\b", text, re.IGNORECASE
    )
    return found.superlative and not plural and not found.limit


def _named(found: Criteria, rest: str, left: list[str]) -> Plan | None:
    """What is left of "Tom Hanks movies" is a name or a title, if it stands in one piece."""
    phrase = " ".join(left)
    if phrase.casefold() not in " ".join(_WORD.findall(rest)).casefold() or found.unsearchable:
        return None
    return ActorOrTitle(phrase, {**found.arguments(), **_one_category(found)})


def _one_category(found: Criteria) -> dict[str, str]:
    return {"category": found.categories[0]} if found.categories else {}


def _actors(text: str, several: bool) -> tuple[list[str], str]:
    """The actors asked for, and the text without them."""
    for form in (*_ACTORS_FILMS, *_NAMED_ACTOR, *((_ACTOR,) if several else ())):
        for match in form.finditer(text):
            names = [_trimmed(name) for name in _BETWEEN_NAMES.split(match["names"])]
            if names and all(_is_name(name) for name in names):
                return names[:3], f"{text[: match.start()]}{BARRIER}{text[match.end() :]}"
    return [], text


def _trimmed(name: str) -> str:
    """A name without the words around it that say nothing: "Tom Hanks in it" is "Tom Hanks"."""
    words = name.strip(_EDGE).split()
    while words and _says_nothing(words[-1]):
        words.pop()
    while words and words[0].lower() in ("the", "actor", "actress", "both", "either", "mr", "ms"):
        words.pop(0)
    return " ".join(words).strip(_EDGE).removesuffix("'s")


def _is_person(name: str, text: str) -> bool:
    """Written like a person's name, and not after "by", which may name a director."""
    by = re.search(rf"\b(?:by|from) {re.escape(name)}", text)
    return by is None and (" " in name or name != name.lower())


def _is_name(name: str) -> bool:
    return bool(name) and len(name.split()) <= 4 and not _NOT_A_NAME.search(name) and not _ANY_FILM.search(name)


def _left(text: str) -> list[str]:
    """The words that still need an explanation."""
    return [word.strip(_EDGE) for word in _WORD.findall(text) if not _says_nothing(word)]


def _says_nothing(word: str) -> bool:
    plain = word.strip(_EDGE).lower().replace("'", "")
    return plain in _FILLERS or plain == "" or _ANY_FILM.fullmatch(plain) is not None or plain in _OPINIONS


_WANTS_FILMS = pattern("wants films")
_ANYTHING: dict[str, str | int | float | bool] = {"in_stock": True, "sort": "newest"}
"""What is offered to someone who has no wish in particular."""
_OPINIONS = frozenset(["best", "greatest", "popular", "famous", "favorites", "favourites", "must-see"])
