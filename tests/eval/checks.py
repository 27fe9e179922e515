"""Checks of answers. Keys of a question in questions.yaml:

q, history, caller   the question, earlier [question, answer] pairs, and who asks (nobody, unless said)
film, fact           the answer names this film, and tells this fact as the store has it
all                  several of those
list                 names films that fit the criteria and none that does not (or says that there is none)
top                  names a film at the extreme of `sort` among those that fit
count                tells how many films fit
missing              says that the store has no such film, without a lecture on how to configure a model
has, any, lacks      texts that must all, or one of which must, or none of which may be in it, in any case
agent                who answered
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.eval.store import Row, StoreFacts

Question = Mapping[str, Any]
_LECTURE = "OPENAI_"
_NO = re.compile(r"\b(no|not|none|nothing|cannot|never)\b|n't\b", re.IGNORECASE)
_IN, _OUT = re.compile(r"in stock|available|auf lager|vorrätig"), re.compile(r"\bnot\b|\bnone\b|rented out|\bno\b")
_ENOUGH = 3
"""Minimum films in a list, if that many match."""

_FACTS: dict[str, Callable[[Row], list[str]]] = {
    "price": lambda film: [f"${film['rental_rate']}"],
    "replacement": lambda film: [f"${film['replacement_cost']}"],
    "rating": lambda film: [str(getattr(film["rating"], "value", film["rating"]))],
    "length": lambda film: [f"{film['length_minutes']} min"],
    "year": lambda film: [str(film["release_year"])],
    "cast": lambda film: list((film["actors"] or ())[:2]),
    "categories": lambda film: list(film["categories"] or ()),
    "plot": lambda film: [film["description"][:40]],
    "language": lambda film: [film["language"]],
    "days": lambda film: [f"{film['rental_duration_days']} days"],
    "features": lambda film: list(film["special_features"] or ()),
}


def problems(question: Question, answer: str, agent: str, store: StoreFacts) -> list[str]:
    """Return what is wrong with an answer; nothing when it is right."""
    found = [*_film_problems(question, answer, store), *_text_problems(question, answer)]
    for part in question.get("all", ()):
        found += _film_problems(part, answer, store)
    for key, check in (("list", _list_problems), ("top", _top_problems), ("count", _count_problems)):
        if key in question:
            found += check(question[key], answer, store)
    if question.get("agent", agent) != agent:
        found.append(f"answered by {agent}")
    return found


def _film_problems(wanted: Mapping[str, Any], answer: str, store: StoreFacts) -> Iterator[str]:
    if "film" not in wanted:
        return
    if wanted["film"] not in answer:
        yield f"does not name {wanted['film']}"
    for film in store.named(wanted["film"]):
        yield from _fact_problems(film, wanted, answer)


def _fact_problems(film: Row, wanted: Mapping[str, Any], answer: str) -> Iterator[str]:
    fact = wanted.get("fact")
    if fact in _FACTS:
        said = answer.casefold()
        yield from (f"lacks the {fact} {known}" for known in _FACTS[fact](film) if known.casefold() not in said)
    elif fact == "stock" and not ((_IN if film["in_stock"] else _OUT).search(answer) and re.search(r"\d", answer)):
        yield "wrong or nothing about the stock"
    elif fact == "streaming" and ("stream" not in answer or bool(_NO.search(answer)) == film["streaming_available"]):
        yield "wrong or nothing about streaming"


def _text_problems(question: Question, answer: str) -> Iterator[str]:
    said = answer.casefold()
    yield from (f"lacks {text!r}" for text in question.get("has", ()) if text.casefold() not in said)
    if "any" in question and not any(text.casefold() in said for text in question["any"]):
        yield f"has none of {question['any']}"
    yield from (f"has {text!r}" for text in question.get("lacks", ()) if text.casefold() in said)
    missing = question.get("missing", "")
    if missing and (missing.casefold() not in said or not _NO.search(answer)):
        yield f"does not say that {missing} is missing"
    if ("missing" in question or question.get("small_talk")) and _LECTURE in answer:
        yield "lectures on keys"


def _list_problems(criteria: Mapping[str, Any], answer: str, store: StoreFacts) -> Iterator[str]:
    right = {film["title"] for film in store.fitting(criteria)} - {criteria.get("like")}
    named = _named(answer, store) - {criteria.get("like")}
    if not right:
        if not _NO.search(answer):
            yield "does not say that none fits"
        return
    if wrong := sorted(named - right):
        yield f"names {wrong[:3]}, which do not fit"
    if len(named & right) < min(_ENOUGH, len(right)):
        yield f"names {len(named & right)} of {len(right)} films that fit"


def _named(answer: str, store: StoreFacts) -> set[str]:
    """The titles in an answer; of those within another ("Alien", "Aliens"), the longest."""
    titles = sorted({film["title"] for film in store.films}, key=len, reverse=True)
    found = set()
    for title in titles:
        shown = re.compile(rf"(?<!\w){re.escape(title)}(?!\w)")
        if shown.search(answer) and (len(title) > 3 or f"{title} (" in answer):
            found.add(title)
            answer = shown.sub("#", answer)
    return found


def _top_problems(criteria: Mapping[str, Any], answer: str, store: StoreFacts) -> Iterator[str]:
    best = [film["title"] for film in store.extreme(criteria)]
    if not any(title in answer for title in best):
        yield f"names none of {best[:5]}"


def _count_problems(criteria: Mapping[str, Any], answer: str, store: StoreFacts) -> Iterator[str]:
    number = len(store.fitting(criteria))
    if not re.search(rf"\b{number}\b", answer):
        yield f"lacks the number {number}"
