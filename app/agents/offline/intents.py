"""The table of intents: how each is read from an utterance, in the order in which they are tried.

A reader returns the intent's slots, or None when the utterance does not have it. search_steps.py looks up what an
intent needs and words the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.agents.offline.amounts import years_in
from app.agents.offline.context import Context
from app.agents.offline.criteria import criteria_in
from app.agents.offline.facts import facts_in
from app.agents.offline.general import missing_title
from app.agents.offline.lexicon import cue, is_only, named, says
from app.agents.offline.utterance import Film, Utterance
from app.agents.offline.wishes import kinds_slots, list_slots, more_slots
from app.core.name_spellings import tokens_of

Slots = dict[str, Any]
_BESIDE = re.compile(r"xfilm\d+(?:,| and| or|, and|, or| &) ¤|¤(?:,| and| or|, and|, or| &) xfilm", re.I)
_LONG = 9
"""Words from which on a question with a year is not merely about which film was meant."""
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Intent:
    """An intent of an utterance."""

    name: str
    read: Callable[[Utterance, Context], Slots | None]


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


def act_slots(said: Utterance, context: Context) -> Slots | None:
    """ "Rent Alien for me", "I want to return it": the action with its films, or with a title that nothing explains."""
    found = ((kind, cue(f"act {kind}").search(said.masked)) for kind in named("act"))
    kind, match = next(((kind, match) for kind, match in found if match), ("", None))
    if match is None:
        return None
    meant = cue("acted on").match(said.masked[match.end() :])
    if meant and said.films:
        return {"kind": kind, "films": [mention.films[0] for mention in said.films], "title": ""}
    if meant and (film := _meant(said, context)):
        return {"kind": kind, "films": list(film) if isinstance(film, tuple) else [film], "title": ""}
    unknown = [run for run, _ in said.unknown if said.masked.find(run) > match.end() and run[0].isupper()]
    is_plain = says("has", said.masked) and not criteria_in(said)
    return {"kind": kind, "films": [], "title": "".join(unknown[:1])} if unknown or (meant and is_plain) else None


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
        films = films or list(context.listed)[:2]
    match = cue("compare").search(said.masked)
    if len(films) < 2 or match is None:
        return None
    return {"films": films[:4], "contest": match[0].lower()}


def _in_cast(said: Utterance, context: Context) -> Slots | None:
    film = said.films[0].films[0] if said.films else context.recent if _refers(said) else None
    is_beside = says("except actor", said.masked)
    if is_beside or not said.actors or film is None or set(facts_in(said.masked)) - {"cast", "overview", "plot"}:
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
    return context.recent if _refers(said) or asks or is_only("approve", said.text) else None


def _missing(said: Utterance, _: Context) -> Slots | None:
    title = missing_title(said.masked)
    near = next((films for run, films in said.unknown if run == title), ())
    return {"said": title, "films": near} if title else None


def _absent(said: Utterance, context: Context) -> Slots | None:
    """ "Is The Social Network rated R?": what stands where a title does is one, whatever else is said of it."""
    if said.films or (context.asked is not None and _refers(said)):
        return None
    for run, films in said.unknown:
        before, _, after = said.masked.partition(run)
        is_subject = says("before a subject", before) or (run[0].isupper() and says("before an object", before))
        if is_subject and not cue("after no title").match(after):
            return {"said": run, "films": films}
    return None


def _which(said: Utterance, _: Context) -> Slots | None:
    """A fact of an unnamed film."""
    facts = set(facts_in(said.masked)) - {"not recorded", "overview", "plot"}
    return {} if not said.unknown and (facts or (says("it", said.masked) and says("has", said.masked))) else None


def _unrecorded(said: Utterance, _: Context) -> Slots | None:
    return {} if "not recorded" in facts_in(said.masked) and says("film", said.masked) else None


INTENTS = (
    Intent("act", act_slots),
    Intent("titles", _titles),
    Intent("compare", _compare),
    Intent("in cast", _in_cast),
    Intent("like", _like),
    Intent("facts", _facts),
    Intent("missing", _absent),
    Intent("more", more_slots),
    Intent("facts", _followed),
    Intent("kinds", kinds_slots),
    Intent("list", list_slots),
    Intent("missing", _missing),
    Intent("which film", _which),
    Intent("not recorded", _unrecorded),
)


def intent_of(said: Utterance, context: Context) -> tuple[str, Slots] | None:
    """Return the first intent that the utterance has, with its slots."""
    found = ((intent.name, intent.read(said, context)) for intent in INTENTS)
    return next(((name, slots) for name, slots in found if slots is not None), None)
