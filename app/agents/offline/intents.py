"""The table of intents: how each is read from an utterance, in the order in which they are tried.

A reader returns the intent's slots, or None when the utterance does not have it. search_steps.py looks up what an
intent needs and words the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.agents.offline.amounts import years_in
from app.agents.offline.context import Context
from app.agents.offline.criteria import criteria_in, is_either, is_unwanted_period, words_in
from app.agents.offline.general import missing_title
from app.agents.offline.lexicon import cue, is_only, says
from app.agents.offline.utterance import Film, Utterance, named_facts
from app.core.name_matching import tokens_of

Slots = dict[str, Any]
_SUPPRESSED = {
    "not recorded": {"plot", "year", "cast"},
    "features": {"cast", "overview"},
    "replacement": {"price", "days", "stock", "year"},
    "days": {"length", "stock", "year", "rating"},
    "streaming": {"stock"},
    "overview": {"plot"},
    "rating": {"year", "length"},
    "stock": {"year"},
}
"""Facts that are not asked for where another one is: "how long can I keep it" is not about its length."""
_FOLLOWS = re.compile(
    r"^(?:and|only|but|or|what about|how about|just|any|in|with|from|without|not|no|the|are there)\b", re.I
)
_WISH = re.compile(r"\b(?:watch|recommend|suggest|see|rent|new|mood|movie night|pick)", re.I)
_BESIDE = re.compile(r"xfilm\d+(?:,| and| or|, and|, or| &) ¤|¤(?:,| and| or|, and|, or| &) xfilm", re.I)
_YES = re.compile(r"^(?:yes|yeah|yep|sure|exactly|right|correct|please do|ok|that one|yes please)\W*$", re.I)
_MORE = {
    "longer": ("min_length", "length_minutes", 1, "shortest"),
    "shorter": ("max_length", "length_minutes", -1, "longest"),
    "newer": ("min_year", "release_year", 1, "oldest"),
    "older": ("max_year", "release_year", -1, "newest"),
    "cheaper": ("max_rental_rate", "rental_rate", -0.01, "most_expensive"),
}
_LONG = 9
"""Words from which on a question with a year is not merely about which film was meant."""
_ORDINALS = ("first", "second", "third")
_WEAK = {"sort", "limit", "in_stock", "streaming"}
"""Criteria that a question about one film may name as well."""


@dataclass(frozen=True)
class Intent:
    """What an utterance may ask for."""

    name: str
    read: Callable[[Utterance, Context], Slots | None]


@lru_cache(maxsize=64)
def facts_in(text: str) -> tuple[str, ...]:
    """Return the facts that a text asks for; in its order; each cue counts for one of them."""
    found = {}
    for name in named_facts():
        if match := cue(name).search(text):
            found[name.removeprefix("fact ")] = match.start()
            text = cue(name).sub(lambda match: "." * len(match[0]), text)
    hidden = {fact for name in found for fact in _SUPPRESSED.get(name, ())}
    return tuple(sorted(found.keys() - hidden, key=found.__getitem__))


def _asked_facts(said: Utterance, context: Context) -> tuple[str, ...]:
    """The facts asked for now, else those asked for before, else an overview."""
    before = context.asked
    facts = facts_in(cue("same facts").sub(" ", said.masked) if before else said.masked)
    repeats = says("same facts", said.text) or not said.films
    if not facts and before is not None and repeats:
        facts = facts_in(before.masked)
    return facts or ("has" if says("has", said.masked) else "overview",)


def _refers(said: Utterance) -> bool:
    return any(says(name, said.masked) for name in ("it", "them", "other", *_ORDINALS))


def _film_slots(said: Utterance, context: Context, films: Sequence[Any]) -> Slots:
    missing = tuple(
        run for run, _ in said.unknown if run[0].isupper() and _BESIDE.search(said.masked.replace(run, "¤"))
    )
    return {
        "mentions": tuple(films),
        "facts": _asked_facts(said, context),
        "text": said.masked,
        "missing": missing,
        "years": years_in(said.masked),
    }


def _act(said: Utterance, context: Context) -> Slots | None:
    if not says("act", said.masked):
        return None
    films = [mention.films[0] for mention in said.films] or (
        [context.recent] if context.recent and _refers(said) else []
    )
    return {"film": films[0]} if films else None


def _like(said: Utterance, context: Context) -> Slots | None:
    film = said.films[0].films[0] if said.films else context.recent if _refers(said) else None
    if film is None or facts_in(said.masked.replace("like", "")) not in ((), ("plot",), ("overview",), ("stock",)):
        return None
    is_like = re.search(
        r"\b(?:like|similar to|along the lines of|reminds? me of|style of) (?:xfilm|it|that)", said.masked, re.I
    )
    recommends = says("like", said.masked) and says("like after", cue("like").sub(" ", said.masked))
    does_he_like = re.search(r"\b(?:would|i'd|i would|want|does|do) \w* ?like (?:to|xfilm)", said.masked, re.I)
    return {"film": film} if (is_like or recommends) and not does_he_like else None


def _compare(said: Utterance, context: Context) -> Slots | None:
    films = [film for mention in said.films for film in mention.films[:1]]
    if len(films) < 2 and says("compare", said.masked) and not says("more like that", said.masked):
        films = list(context.listed)[:2] if not films else films
    match = cue("compare").search(said.masked)
    if len(films) < 2 or match is None:
        return None
    return {"films": films[:4], "contest": match[0].lower()}


def _in_cast(said: Utterance, context: Context) -> Slots | None:
    film = said.films[0].films[0] if said.films else context.recent if _refers(said) else None
    if not said.actors or film is None or set(facts_in(said.masked)) - {"cast", "overview", "plot"}:
        return None
    return {"film": film, "persons": said.actors}


def _titles(said: Utterance, _: Context) -> Slots | None:
    """ "Toy Story movies", "which films have alien in the title"."""
    whole = re.search(r"xfilm0 (?:films|movies|series|trilogy|franchise)\b", said.masked, re.I)
    in_title = re.search(r"\b(?:in|of) (?:the|their) (?:title|name)", said.masked, re.I)
    return {"title": said.films[0].said} if said.films and (whole or in_title) else None


def _facts(said: Utterance, context: Context) -> Slots | None:
    if not said.films:
        return None
    wanted = years_in(said.masked)
    mentions = []
    for mention in said.films:
        films = [film for film in mention.films if _is_of(film, wanted)] or list(mention.films)
        if len(films) > 1 and (
            newest := re.search(r"\b(new|newest|latest|original|old|oldest|classic)\b", said.masked, re.I)
        ):
            ordered = sorted(films, key=lambda film: film.get("release_year") or 0)
            films = [ordered[-1] if newest[0].lower().startswith(("new", "latest")) else ordered[0]]
        mentions.append((mention, tuple(films)))
    return _film_slots(said, context, mentions)


def _is_of(film: Film, bounds: Slots) -> bool:
    year = film.get("release_year")
    return bool(bounds) and year is not None and bounds.get("min_year", 0) <= year <= bounds.get("max_year", 9999)


def _followed(said: Utterance, context: Context) -> Slots | None:
    """ "Is it in stock?", "the second one", "and the other?" after something was said of films."""
    film = _meant(said, context)
    if (
        film is None
        or says("more like that", said.masked)
        or (criteria_in(said).keys() - {"in_stock", "sort", "min_year", "max_year"} and not _refers(said))
    ):
        return None
    if isinstance(film, tuple):
        return _film_slots(said, context, [(None, (one,)) for one in film[:4]])
    return _film_slots(said, context, [(None, (film,))])


def _meant(said: Utterance, context: Context) -> Film | tuple[Film, ...] | None:
    if says("other", said.masked) and context.recent is not None:
        others = [film for film in context.all if film["film_id"] != context.recent["film_id"]]
        return others[-1] if others else None
    for place, name in enumerate(_ORDINALS):
        if says(name, said.masked) and len(context.listed) > place and not said.unknown:
            return context.listed[place]
    if says("them", said.masked) and len(context.listed) > 1:
        return context.listed
    years = years_in(said.masked)
    if (
        years.get("min_year") == years.get("max_year")
        and (dated := [film for film in context.all if _is_of(film, years)])
        and len(tokens_of(said.text)) < _LONG
    ):
        return dated[-1]
    asks = bool(facts_in(said.masked)) and not said.unknown
    return context.recent if _refers(said) or asks or _YES.match(said.text) else None


def _more(said: Utterance, context: Context) -> Slots | None:
    """ "Something longer?": the wish of before, beyond the film of the answer."""
    match = cue("more like that").search(said.masked)
    if context.asked is None or match is None or said.films:
        return None
    film = next(iter(context.answered), None) or context.recent
    kind = next((name for name, value in match.groupdict().items() if value), None)
    if film is None or kind is None or film.get(_MORE[kind][1]) is None:
        return None
    bound, key, step, sort = _MORE[kind]
    before = {name: value for name, value in criteria_in(context.asked).items() if name not in _WEAK}
    return {"arguments": [{**before, bound: round(film[key] + step, 2), "sort": sort}], "count": False, "top": False}


def _kinds(said: Utterance, _: Context) -> Slots | None:
    if says("languages", said.masked) and not said.films and not said.languages:
        return {"of": "languages"}
    if says("kinds", said.masked) and not said.films and not said.actors:
        return {"of": "kinds", "extreme": "small" if re.search("smallest|fewest", said.masked) else _big(said.masked)}
    return {"of": "store"} if says("store", said.masked) and not said.films else None


def _big(text: str) -> str:
    return "big" if re.search("biggest|largest|most", text, re.IGNORECASE) else ""


def _list(said: Utterance, context: Context) -> Slots | None:
    """Films that fit a wish, or how many there are."""
    found, words = criteria_in(said), words_in(said)
    if context.asked is not None and found and (_FOLLOWS.match(said.text) or len(tokens_of(said.text)) < 4):
        found = {**criteria_in(context.asked), **found}
    by_name = re.search(r"\b(?:with|starring|star|stars|by|of|actor|actress|has|featuring) ", said.masked, re.I)
    if words and not said.actors and _is_person(words) and by_name:
        found.setdefault("actors", []).append(words)
    elif words and (says("film", said.masked) or says("several", said.masked) or found):
        found["words"] = words
    asks = says("several", said.masked) or says("count", said.masked) or says("film", said.masked)
    if not found and asks and says("count", said.masked) and not said.unknown:
        return {"arguments": [{}], "count": True, "top": False}
    if not found and _WISH.search(said.masked) and says("several", said.masked) and not said.unknown:
        found = {"in_stock": True, "sort": "newest"}
    if not found or (found.keys() <= _WEAK and (said.unknown or not asks)):
        return None
    if said.unknown and not words and not (found.keys() - _WEAK) and missing_title(said.masked):
        return None
    return {
        "arguments": _either(said, found),
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


def _missing(said: Utterance, _: Context) -> Slots | None:
    title = missing_title(said.masked)
    near = next((films for run, films in said.unknown if run == title), ())
    return {"said": title, "films": near} if title else None


def _which(said: Utterance, _: Context) -> Slots | None:
    """A fact of a film that is not named."""
    facts = set(facts_in(said.masked)) - {"not recorded", "overview", "plot"}
    return {} if not said.unknown and (facts or (says("it", said.masked) and says("has", said.masked))) else None


def _unrecorded(said: Utterance, _: Context) -> Slots | None:
    return {} if "not recorded" in facts_in(said.masked) and says("film", said.masked) else None


INTENTS = (
    Intent("act", _act),
    Intent("titles", _titles),
    Intent("compare", _compare),
    Intent("in cast", _in_cast),
    Intent("like", _like),
    Intent("facts", _facts),
    Intent("more", _more),
    Intent("facts", _followed),
    Intent("kinds", _kinds),
    Intent("list", _list),
    Intent("missing", _missing),
    Intent("which film", _which),
    Intent("not recorded", _unrecorded),
)


def intent_of(said: Utterance, context: Context) -> tuple[str, Slots] | None:
    """Return the first intent that the utterance has, with its slots."""
    found = ((intent.name, intent.read(said, context)) for intent in INTENTS)
    return next(((name, slots) for name, slots in found if slots is not None), None)


def is_only_yes(text: str) -> bool:
    """Return whether a text merely agrees."""
    return _YES.match(text) is not None or is_only("thanks", text)
