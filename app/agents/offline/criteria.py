"""Read wanted and excluded film criteria as arguments of find_films."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.agents.offline.amounts import age_in, length_in, number, price_in, years_in
from app.agents.offline.lexicon import cue, named, says
from app.agents.offline.utterance import Utterance, is_within_title

Arguments = dict[str, Any]

_GENTLE = {8: ("G",), 13: ("G", "PG"), 17: ("G", "PG", "PG-13")}
_MOST = 20


def criteria_in(said: Utterance) -> Arguments:
    """Return everything that describes films in the utterance; empty when nothing does."""
    text = said.masked
    found: Arguments = {**length_in(text), **price_in(text), **years_in(text)}
    if (limit := cue("after negation").search(text)) and _is_negated(text, limit.start()):
        found = dict(map(_opposite, found.items()))
    for key, name, is_wanted in (*_categories(said), *_actors(said), *_ratings(text)):
        found.setdefault(key if is_wanted else f"without_{key}", []).append(name)
    if (age := age_in(text)) is not None and age < max(_GENTLE):
        found["ratings"] = next(list(marks) for limit, marks in _GENTLE.items() if age < limit)
    spoken = {name: match.start() for name in named("language") if (match := cue(f"language {name}").search(text))}
    spoken.update((name, text.find(f"xlanguage{place}")) for place, name in enumerate(said.languages))
    if wanted := [name for name, at in spoken.items() if not _is_negated(text, at)]:
        found["language"] = wanted[-1]
    if says("fact streaming", text):
        found["streaming"] = True
    if re.search(r"\b(?:in stock|available|in right now|in now|(?:is|are|that's) in\b(?! x))", text, re.IGNORECASE):
        found["in_stock"] = True
    if sort := next((name for name in named("sort") if says(f"sort {name}", text)), None):
        found["sort"] = sort
    if limit := cue("limit").search(text):
        found["limit"] = min(max(round(number(limit["n"])), 1), _MOST)
    return {key: list(dict.fromkeys(value)) if isinstance(value, list) else value for key, value in found.items()}


def _opposite(bound: tuple[str, float]) -> tuple[str, float]:
    """ "After 1970" that is not wanted is at most 1970."""
    (key, value), step = bound, 0.01 if bound[0].endswith("rate") else 1
    return (f"max{key[3:]}", value - step) if key.startswith("min") else (f"min{key[3:]}", value + step)


def is_either(said: Utterance) -> bool:
    """Return whether any of the categories will do: "action or horror"."""
    text = said.masked
    for name in named("category"):
        text = cue(f"category {name}").sub("xcategory0", text)
    return re.search(r"xcategory\d+ or (?:\w+ )?xcategory\d+", text) is not None


def is_unwanted_period(said: Utterance) -> bool:
    """Return whether the years named are those that the films must not be of: "not from the nineties"."""
    return says("unwanted period", said.masked)


def words_in(said: Utterance) -> str:
    """Return the words that the description is to have: "shark" of "films about a shark"."""
    about = list(cue("about words").finditer(said.masked))
    runs = [run for run, _ in said.unknown]
    if not about or not runs:
        return ""
    after = said.masked[about[0].end() :]
    return " ".join(run for run in runs if run in after)


def _is_negated(text: str, at: int) -> bool:
    before = re.split(r"[,;.!?](?! (?:or|and|no|not|nor)\b)|\bbut\b(?! not)", text[:at])[-1]
    return says("negated", before)


def _categories(said: Utterance) -> Iterator[tuple[str, str, bool]]:
    for place, name in enumerate(said.categories):
        at = said.masked.find(f"xcategory{place}")
        if at < 0:
            continue
        yield "categories", name, not _is_negated(said.masked, at)
    for name in named("category"):
        for match in cue(f"category {name}").finditer(said.masked):
            if is_within_title(said.masked, match.start()):
                continue
            if name == "Children" and age_in(said.masked) is not None:
                continue
            if name == "Foreign" and said.languages:
                continue
            yield "categories", name, not _is_negated(said.masked, match.start())


def _actors(said: Utterance) -> Iterator[tuple[str, str, bool]]:
    for place, name in enumerate(said.actors):
        yield "actors", name, not _is_negated(said.masked, said.masked.find(f"xactor{place}"))


def _ratings(text: str) -> Iterator[tuple[str, str, bool]]:
    for match in cue("rating mark").finditer(text):
        mark = next(filter(None, match.groups())).upper()
        mark = {"PG13": "PG-13", "NC17": "NC-17"}.get(mark, mark)
        yield "ratings", mark, not _is_negated(text, match.start())
