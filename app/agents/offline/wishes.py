"""Wishes: films that fit criteria, more of an earlier answer, and counts of the store."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from app.agents.offline.context import Context
from app.agents.offline.criteria import criteria_in, is_either, is_unwanted_period, words_in
from app.agents.offline.facts import facts_in
from app.agents.offline.general import missing_title
from app.agents.offline.lexicon import cue, says
from app.agents.offline.utterance import Utterance
from app.core.name_spellings import tokens_of

Slots = dict[str, Any]
_FOLLOWS = re.compile(
    r"^(?:and|only|but|or|what about|how about|just|any|in|with|from|without|not|no|the|are there)\b", re.I
)
_WISH = re.compile(r"\b(?:watch|recommend|suggest|see|rent|new|mood|movie night|pick)", re.I)
_MORE = {
    "longer": ("min_length", "length_minutes", 1, "shortest"),
    "shorter": ("max_length", "length_minutes", -1, "longest"),
    "newer": ("min_year", "release_year", 1, "oldest"),
    "older": ("max_year", "release_year", -1, "newest"),
    "cheaper": ("max_rental_rate", "rental_rate", -0.01, "most_expensive"),
}
_WEAK = {"sort", "limit", "in_stock", "streaming"}
"""Criteria that a question about one film may name as well."""


def more_slots(said: Utterance, context: Context) -> Slots | None:
    """ "Something longer?": the wish of before, beyond the film of the answer."""
    match = cue("more like that").search(said.masked)
    if context.asked is None or match is None or said.films:
        return None
    kind = next((name for name, value in match.groupdict().items() if value), None)
    if kind is None or any(name.startswith(("min_", "max_")) for name in criteria_in(said)):
        return None
    bound, key, step, sort = _MORE[kind]
    shown = context.answered or ((context.recent,) if context.recent else ())
    values = [film[key] for film in shown if film.get(key) is not None]
    if not values:
        return None
    before = {name: value for name, value in criteria_in(context.asked).items() if name not in _WEAK}
    return {
        "arguments": [{**before, bound: round((max if step > 0 else min)(values) + step, 2), "sort": sort}],
        "count": False,
        "top": False,
    }


def kinds_slots(said: Utterance, _: Context) -> Slots | None:
    """Return which part of what the store has is asked for: languages, categories or stores."""
    if says("languages", said.masked) and not said.films and not said.languages:
        return {"of": "languages"}
    if says("kinds", said.masked) and not said.films and not said.actors:
        return {"of": "kinds", "extreme": "small" if re.search("smallest|fewest", said.masked) else _big(said.masked)}
    return {"of": "store"} if says("store", said.masked) and not said.films else None


def _big(text: str) -> str:
    return "big" if re.search("biggest|largest|most", text, re.IGNORECASE) else ""


def list_slots(said: Utterance, context: Context) -> Slots | None:
    """Films that fit a wish, or how many there are."""
    if (instead := cue("instead").search(said.masked)) and instead.end() < len(said.masked):
        said = replace(said, masked=said.masked[instead.end() :])
    found, words = criteria_in(said), words_in(said)
    if context.asked is not None and found and (_FOLLOWS.match(said.text) or len(tokens_of(said.text)) < 4):
        found = {**criteria_in(context.asked), **found}
    by_name = re.search(r"\b(?:with|starring|star|stars|by|of|actor|actress|has|featuring) ", said.masked, re.I)
    if words and not said.actors and _is_person(words) and by_name:
        found.setdefault("actors", []).append(words)
    elif words and (says("film", said.masked) or says("several", said.masked) or found):
        found["words"] = words
    asks = says("several", said.masked) or says("count", said.masked) or says("film", said.masked)
    asks = asks or ("sort" in found and says("superlative", said.masked))
    if not found and asks and says("count", said.masked) and not said.unknown:
        return {"arguments": [{}], "count": True, "top": False}
    if not found and _WISH.search(said.masked) and says("several", said.masked) and not said.unknown:
        found = {"in_stock": True, "sort": "newest"}
    is_whole_store = "sort" in found and says("about films", said.masked)
    if not found or (found.keys() <= _WEAK and ((said.unknown and not is_whole_store) or not asks)):
        return None
    is_vague = found.keys() <= _WEAK | {"actors"} and not asks
    if said.unknown and not words and is_vague and missing_title(said.masked):
        return None
    return {
        "arguments": _either(said, found),
        "excluded": said.excluded,
        "count": says("count", said.masked) or bool(context.asked and says("count", context.asked.masked)),
        "top": says("superlative", said.masked)
        and not re.search(r"\b(?:films|movies|\w+ies|ones|releases)\b", said.text),
        "note": "not recorded" in facts_in(said.masked),
    }


def _is_person(words: str) -> bool:
    return len(words.split()) in (2, 3) and words[0].isupper()


def _either(said: Utterance, found: Slots) -> list[Slots]:
    if is_either(said) and len(found.get("categories", ())) > 1:
        return [{**found, "categories": [name]} for name in found["categories"]]
    if "min_year" in found and "max_year" in found and is_unwanted_period(said):
        rest = {name: value for name, value in found.items() if name not in ("min_year", "max_year")}
        return [{**rest, "max_year": found["min_year"] - 1}, {**rest, "min_year": found["max_year"] + 1}]
    sides = [
        [said.actors[int(place)] for place in re.findall(r"xactor(\d+)", side)]
        for side in re.split(r"\bor\b", said.masked)
    ]
    if "actors" in found and sum(map(bool, sides)) > 1:
        return [{**found, "actors": names} for names in sides if names]
    return [found]
