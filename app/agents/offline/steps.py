"""What to do next: look something up, say something, or hand over. A function of the plan and of what was looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.agents.offline.answers import Stock, say_categories, say_found, say_like, say_listed, say_lookup
from app.agents.offline.match import Fit, Match, best_reading, match_title
from app.agents.offline.plan import (
    ActorOrTitle,
    Arguments,
    Categories,
    Certainty,
    Fact,
    Find,
    Like,
    Lookup,
    Plan,
    Title,
    WhichFilm,
)
from app.agents.offline.titles import variants

SEARCH, FIND, LIKE = "search_films", "find_films", "similar_films"
AVAILABILITY, CATEGORIES = "film_availability", "list_categories"
MOST_CALLS = 8
"""Tool calls in one turn."""
_MOST_AVAILABILITIES = 3
_MANY = 20
WHICH_FILM = "Which film do you mean?"
STORE_SILENT = "The store could not be asked just now."


@dataclass(frozen=True)
class Call:
    """A tool call; `function` is its name without the plugin's."""

    function: str
    arguments: Arguments = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A tool call that was made, and what came of it."""

    call: Call
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Calls:
    """Look these up next, all at once."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Say:
    """Answer."""

    text: str


@dataclass(frozen=True)
class Transfer:
    """Hand over: there is nothing in the store for this question."""


Step = Calls | Say | Transfer


class Findings:
    """What was looked up so far in this turn."""

    def __init__(self, seen: Sequence[Seen], offered: frozenset[str]) -> None:
        self._seen = seen
        self._offered = offered

    def missing(self, wanted: Sequence[Call]) -> Calls | None:
        """Those that can and still have to be looked up."""
        done = [seen.call for seen in self._seen]
        left = [call for call in wanted if call.function in self._offered and call not in done]
        left = left[: max(MOST_CALLS - len(done), 0)]
        return Calls(tuple(left)) if left else None

    def of(self, call: Call) -> Mapping[str, Any]:
        """The call's result; empty when it was not made."""
        return next((seen.result for seen in self._seen if seen.call == call), {})

    @property
    def error(self) -> str:
        """What the store said when every look-up failed."""
        errors = [str(seen.result["error"]) for seen in self._seen if "error" in seen.result]
        return errors[0] if errors and len(errors) == len(self._seen) else ""


def next_step(plan: Plan, seen: Sequence[Seen], offered: frozenset[str]) -> Step:
    """The next step of a turn; `offered` are the film functions that can be called."""
    findings = Findings(seen, offered)
    if findings.error:
        return Say(findings.error)
    if isinstance(plan, Lookup):
        return _look_up(plan, findings)
    if isinstance(plan, Find):
        return _find(plan, findings)
    if isinstance(plan, ActorOrTitle):
        return _actor_or_title(plan, findings)
    if isinstance(plan, Like):
        return _like(plan, findings)
    if isinstance(plan, Categories):
        call = Call(CATEGORIES)
        return findings.missing([call]) or _said(say_categories(findings.of(call)))
    if isinstance(plan, WhichFilm):
        return Say(WHICH_FILM)
    return Transfer()


def _said(text: str) -> Step:
    return Say(text) if text else Transfer()


def _search(title: Title, *, wide: bool = False) -> Call:
    return Call(SEARCH, {"title": title.text, "limit": _MANY} if wide else {"title": title.text})


def _look_up(plan: Lookup, findings: Findings) -> Step:
    titles = list({title.text.casefold(): title for reading in plan.readings for title in reading.titles}.values())
    searches = {title.text: _search(title, wide=plan.whole_words) for title in titles[: MOST_CALLS - 2]}
    if step := findings.missing(list(searches.values())):
        return step
    by_text = {text.casefold(): findings.of(call) for text, call in searches.items()}
    if any("error" in result for result in by_text.values()):
        return Say(STORE_SILENT)
    certainty = plan.certainty
    if certainty == Certainty.LIKELY and (plan.bare or len(plan.readings) > 1):
        certainty = Certainty.CERTAIN
    matches = {
        title: match_title(title, by_text.get(title.text.casefold(), {}), certainty)
        for reading in plan.readings
        for title in reading.titles
    }
    reading, found = best_reading(plan, matches)
    if all(match.fit == Fit.MISSING for match in found):
        return _look_further(plan, reading.titles[0], findings)
    return _tell(plan, reading.facts, found, findings)


def _look_further(plan: Lookup, title: Title, findings: Findings) -> Step:
    """The title is not in the store: perhaps part of it is, or it is an actor's name."""
    if title.text.casefold() in ("it", "that", "this"):
        return Say(WHICH_FILM)
    if plan.certainty == Certainty.GUESS:
        return Transfer()
    others = variants(title)
    person = Call(FIND, {"actor": title.text})
    asks_for_person = plan.bare or Fact.IN_STORE in plan.readings[0].facts
    further = [_search(other) for other in others]
    if asks_for_person and _is_like_a_name(title.text):
        further.append(person)
    if step := findings.missing(further):
        return step
    for other in others:
        match = match_title(other, findings.of(_search(other)), plan.certainty)
        if match.fit in (Fit.FOUND, Fit.OTHER_YEAR, Fit.CORRECTED):
            return _tell(plan, plan.readings[0].facts, [match], findings)
    if findings.of(person).get("films"):
        return _said(say_found(Find((person.arguments,)), [findings.of(person)]))
    return Transfer()


def _is_like_a_name(text: str) -> bool:
    words = text.lower().split()
    if not 2 <= len(words) <= 3 or words[0] in ("the", "a", "an", "my") or "'s" in text:
        return False
    return all(word.replace(".", "").replace("-", "").replace("'", "").isalpha() for word in words)


def _tell(plan: Lookup, facts: Sequence[Fact], found: Sequence[Match], findings: Findings) -> Step:
    stock: Stock = {}
    if Fact.STOCK in facts:
        sure = [match for match in found if match.fit >= Fit.OTHER_YEAR]
        films = [film for match in sure for film in match.films if film.get("film_id") is not None]
        calls = {
            film["film_id"]: Call(AVAILABILITY, {"film_id": film["film_id"]}) for film in films[:_MOST_AVAILABILITIES]
        }
        if step := findings.missing(list(calls.values())):
            return step
        stock = {film_id: result for film_id, call in calls.items() if "copies" in (result := findings.of(call))}
    return _said(say_lookup(plan, facts, found, stock))


def _find(plan: Find, findings: Findings) -> Step:
    calls = [Call(FIND, arguments) for arguments in plan.calls]
    if step := findings.missing(calls):
        return step
    results = [findings.of(call) for call in calls]
    if all(result.get("films") for result in results):
        return _said(say_found(plan, results))
    if len(calls) == 1 and (surname := _surname(plan.calls[0])):
        named = Call(FIND, {**plan.calls[0], "actor": surname})
        if step := findings.missing([named]):
            return step
        if findings.of(named).get("films"):
            alike = replace(plan, calls=(named.arguments,), note=f"I found no films with {plan.calls[0]['actor']}.")
            return _said(say_found(alike, [findings.of(named)]))
    # Nothing found may mean that the store has no such category.
    step = findings.missing([Call(CATEGORIES)]) if any("category" in call for call in plan.calls) else None
    return step or _said(say_found(plan, results, findings.of(Call(CATEGORIES))))


def _surname(call: Arguments) -> str:
    """What to look for when a name was misspelt: its last word, unless it says too little."""
    last = str(call.get("actor", "")).split()[1:][-1:]
    return last[0] if last and len(last[0]) > 3 else ""


def _actor_or_title(plan: ActorOrTitle, findings: Findings) -> Step:
    person = Call(FIND, {"actor": plan.text, **plan.criteria})
    title = Title(plan.text, said=plan.text)
    search = _search(title, wide=True)
    if step := findings.missing([person, search]):
        return step
    if findings.of(person).get("films"):
        return _said(say_found(Find((person.arguments,)), [findings.of(person)]))
    match = match_title(title, findings.of(search), Certainty.GUESS if len(plan.text.split()) > 3 else Certainty.LIKELY)
    return _said(say_listed(match))


def _like(plan: Like, findings: Findings) -> Step:
    call = Call(LIKE, {"title": plan.title.text})
    return findings.missing([call]) or _said(say_like(plan.title, findings.of(call)))
