"""Film search steps: look-ups for an intent, and answers from results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.agents.offline.context import mentions_of, read_context, understand
from app.agents.offline.facts import facts_in
from app.agents.offline.general import is_general, small_talk_in
from app.agents.offline.intents import Slots, intent_of
from app.agents.offline.lexicon import named, says
from app.agents.offline.lists import say_list
from app.agents.offline.phrasing import Film, card, counted, say, tell
from app.agents.offline.steps import Asked, Call, Calls, Findings, Result, Say, Step, Transfer
from app.agents.offline.utterance import FilmMention, read_utterance
from app.agents.team import RENTAL_AGENT

_MOST_TOLD = 5
_MOST_STOCKED = 3
_CLAUSE = re.compile(
    r"[.?!;]+ +|,? (?:and|also|plus|or)(?: then|,? if (?:not|so|yes),?)? "
    r"(?=(?:do you|what|which|any|show|have you|how|can you|recommend|list|is|are|who|when|does)\b)",
    re.IGNORECASE,
)
_CONTESTS = {
    "longer": ("length_minutes", max, "longer"),
    "shorter": ("length_minutes", min, "shorter"),
    "cheaper": ("rental_rate", min, "cheaper"),
    "dearer": ("rental_rate", max, "more expensive"),
    "more expensive": ("rental_rate", max, "more expensive"),
    "pricier": ("rental_rate", max, "more expensive"),
    "newer": ("release_year", max, "newer"),
    "older": ("release_year", min, "older"),
    "more recent": ("release_year", max, "newer"),
}
_OF_KEY = {"length_minutes": "length", "rental_rate": "price", "release_year": "year"}


def search_step(asked: Asked) -> Step:
    """Return the next step of an agent that has the film search."""
    text = asked.text
    if small_talk_in(text) or is_general(text):
        return Transfer()
    findings = asked.findings
    if not asked.earlier and (wish := _plain_wish(text)):
        return _pursue([wish], findings)
    read = understand(asked, findings)
    if not isinstance(read, tuple):
        return read
    intent = intent_of(*read)
    wanted = [intent] if intent else []
    if intent is not None and intent[0] in ("facts", "in cast", "compare"):
        wanted += _lists_beside(text, findings.of(mentions_of(text)))
    return _pursue(wanted, findings)


def _plain_wish(text: str) -> tuple[str, Slots] | None:
    """A wish whose words all say what kind of films are wanted: it mentions no name that would have to be looked up."""
    if facts_in(text) or not (says("film", text) or any(says(f"category {name}", text) for name in named("category"))):
        return None
    said = read_utterance(text, {})
    asked = None if said.unknown else intent_of(said, _NOTHING)
    return asked if asked is not None and asked[0] == "list" and asked[1]["arguments"][0] else None


def _pursue(wanted: Sequence[tuple[str, Slots]], findings: Findings) -> Step:
    """Look up what the intents need, then answer them all."""
    calls = [call for name, slots in wanted for call in calls_for(name, slots)]
    if step := findings.missing(calls):
        return step
    if any(findings.of(call).get("error") for call in calls):
        return Say(say("silent"))
    said = [_answer(name, slots, findings) for name, slots in wanted]
    if more := [call for step in said if isinstance(step, Calls) for call in step.calls]:
        return findings.missing(more) or Transfer()
    if action := next((step for step in said if isinstance(step, Transfer) and step.to), None):
        return action
    texts = [step.text for step in said if isinstance(step, Say) and step.text]
    return Say(" ".join(texts)) if texts else Transfer()


def _lists_beside(text: str, found: Mapping[str, Any]) -> list[tuple[str, Slots]]:
    """ "How much is Alien, and do you have any comedies?": the wish beside the question about a film."""
    start = 0
    wishes: list[tuple[str, Slots]] = []
    for end, following in [*((match.start(), match.end()) for match in _CLAUSE.finditer(text)), (len(text), len(text))]:
        part = {
            kind: [
                {**one, "start": one["start"] - start, "end": one["end"] - start}
                for one in ones
                if start <= one["start"] < end
            ]
            for kind, ones in found.items()
        }
        said = read_utterance(text[start:end], part)
        start = following
        asked = None if said.films else intent_of(said, _NOTHING)
        is_wish = said.categories or said.actors or said.languages
        if asked is not None and asked[0] == "list" and is_wish and not facts_in(said.masked):
            wishes.append(asked)
        elif asked is not None and asked[0] == "missing" and asked[1]["said"][0].isupper() and not said.actors:
            wishes.append(("missing", {**asked[1], "beside": True}))
    return wishes[:1]


_NOTHING = read_context("", (), Findings(()))


def calls_for(name: str, slots: Slots) -> list[Call]:
    """Return what an intent needs to have looked up."""
    if name in ("list", "more"):
        return [Call("find_films", arguments) for arguments in slots["arguments"]]
    if name == "like":
        return [Call("similar_films", {"title": slots["film"]["title"]})]
    if name == "titles":
        return [Call("search_films", {"title": slots["title"], "limit": 20})]
    if name == "kinds":
        return [Call("store_overview")]
    if name == "facts" and "stock" in slots["facts"]:
        films = [film for _, films in slots["mentions"] for film in films]
        return [_availability(film) for film in films[:_MOST_STOCKED]]
    return []


def _availability(film: Film) -> Call:
    return Call("film_availability", {"film_id": film["film_id"]})


def _answer(name: str, slots: Slots, findings: Findings) -> Step:
    results = [findings.of(call) for call in calls_for(name, slots)]
    if name == "facts":
        told = [_told(mention, films, slots, findings) for mention, films in slots["mentions"]]
        return Say(" ".join((*told, *(say("missing", said=title) for title in slots["missing"]))))
    if name in ("list", "more"):
        return say_list(slots, results, findings)
    if name == "like":
        return Say(say("similar", film=slots["film"], films=results[0].get("films", ())))
    if name == "titles":
        films = results[0].get("films", ())
        others = results[0].get("other_titles", ())
        more = results[0]["total"] - len(films) - len(others)
        return Say(say("titles", titles=[*map(card, films), *others], more=max(more, 0)))
    if name == "kinds":
        return Say(_kinds(slots, results[0]))
    if name == "compare":
        return Say(_compared(slots))
    if name == "in cast":
        return Say(" ".join(_cast(slots["film"], person) for person in slots["persons"]))
    if name == "act":
        has = [tell(film, ["has"]) for film in slots["films"]]
        has += [say("missing", said=slots["title"], films=())] if slots["title"] else []
        return Transfer(RENTAL_AGENT, " ".join((say("cannot act"), *has)))
    if name == "missing" and not slots["films"] and "beside" not in slots:
        return Transfer()
    return Say(say(name, **slots))


def _told(mention: FilmMention | None, films: Sequence[Film], slots: Slots, findings: Findings) -> str:
    """The facts about the film that a mention stands for, or about each that it may stand for."""
    several = len(films) > 1 or len(slots["mentions"]) > 1
    young = re.search(
        r"\b(?:kid|child|year|son|daughter|suitable|famil|appropriate|ok|watch|young)", slots["text"], re.I
    )
    told = [
        tell(
            film,
            slots["facts"],
            stock=findings.of(_availability(film)) or film,
            brief=several,
            with_year=len(films) > 1,
            asked_for_young=bool(young),
        )
        for film in films[:_MOST_TOLD]
    ]
    if mention is None:
        return " ".join(told)
    bounds = slots["years"]
    if bounds and not any(
        bounds.get("min_year", 0) <= (film.get("release_year") or 0) <= bounds.get("max_year", 9999) for film in films
    ):
        told.insert(0, say("other year", film=films[0], year=bounds.get("min_year") or bounds.get("max_year")))
    if len(films) > 1:
        kind = "same title" if mention.match == "exact" else "partial"
        return f"{say(kind, films=films, said=mention.said, total=mention.total)} {' '.join(told)}"
    if mention.match == "similar" and mention.score < 0.85:
        return f"{say('did you mean', said=mention.said, films=films)} {' '.join(told)}"
    if mention.match == "similar":
        return f"{' '.join(told)} {say('spelt', said=mention.said, film=films[0])}"
    if mention.match == "partial" and mention.score < 0.9:
        return f"{say('one partial', said=mention.said, film=films[0])} {' '.join(told)}"
    return " ".join(told)


def _compared(slots: Slots) -> str:
    films, rule = slots["films"], _CONTESTS.get(slots["contest"])
    if rule is None:
        return " ".join(tell(film, ["overview"], brief=True) for film in films)
    key, choose, word = rule
    told = " ".join(tell(film, [_OF_KEY[key]]) for film in films)
    values = [film[key] for film in films if film.get(key) is not None]
    if len(values) < len(films):
        return told
    best = [film for film in films if film[key] == choose(values)]
    return f"{told} {say('compare', film=best[0], contest=word) if len(best) == 1 else say('same')}"


def _cast(film: Film, person: str) -> str:
    wanted = set(person.casefold().split())
    for actor in film.get("actors") or ():
        if wanted <= set(actor.casefold().split()):
            return say("in cast", person=actor, film=film)
    return say("not in cast", person=person, film=film)


def _kinds(slots: Slots, overview: Result) -> str:
    if slots["of"] != "kinds":
        return say(slots["of"], **overview)
    categories = overview.get("categories") or [{"name": "", "films": 0}]
    extreme = {"big": categories[0], "small": categories[-1]}.get(slots["extreme"])
    word = {"big": "biggest", "small": "smallest"}.get(slots["extreme"])
    biggest = f"The {word} category is {extreme['name']}, with {counted(extreme['films'], 'film')}. " if extreme else ""
    return say("kinds", biggest=biggest, **{**overview, "categories": sorted(categories, key=lambda one: one["name"])})
