"""What "it" refers to: the film that earlier turns were about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.agents.offline.intent import plan_for
from app.agents.offline.plan import Context, Fact, Like, Lookup, Title
from app.agents.offline.text import tidy

_TURNS = 6
_NAMED = re.compile(
    r"(?:^|[.:] |\b(?:is|has|like|no|are|but) )(?P<title>[A-Z0-9](?:(?![.:] |;| is | are | like ).){0,80}?) "
    r"(?:from (?P<year>\d{4}) )?\((?:(?P<year2>\d{4})|[A-Z])"
)
_SUGGESTED = re.compile(r"Did you mean (?P<title>[^?]+?)(?: \((?P<year>\d{4})\))?\?")


@dataclass(frozen=True)
class Turn:
    """Something said earlier in the conversation."""

    by_user: bool
    text: str


def context_of(earlier: Sequence[Turn]) -> Context:
    """The film last talked about, as the answers name it, else as the questions did."""
    context = Context()
    for turn in earlier[-_TURNS:]:
        context = _after_question(turn.text, context) if turn.by_user else _after_answer(turn.text, context)
    return context


def _after_question(text: str, before: Context) -> Context:
    plan = plan_for(text, before)
    if isinstance(plan, Lookup):
        reading = plan.readings[0]
        return Context(reading.titles[0], reading.facts)
    if isinstance(plan, Like):
        return Context(plan.title, (Fact.OVERVIEW,))
    return Context(before.title)


def _after_answer(text: str, before: Context) -> Context:
    said = tidy(text)
    if asked := _SUGGESTED.search(said):
        title = _title(asked["title"], asked["year"])
        alone = " or " not in asked["title"]
        return Context(title if alone else before.title, before.facts, title if alone else None)
    if named := _NAMED.search(said):
        return Context(
            _title(named["title"].removeprefix("Yes, the store has "), named["year"] or named["year2"]), before.facts
        )
    return Context(before.title, before.facts)


def _title(text: str, year: str | None) -> Title:
    return Title(text, int(year) if year else None, text)
