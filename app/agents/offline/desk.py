"""Questions for the rental desk, told by their form: whose rentals, and what about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from app.agents.offline.clauses import as_question, bare_clause, clauses
from app.agents.offline.grammar import pattern, patterns
from app.agents.offline.intent import plan_for, readable
from app.agents.offline.plan import Fact, Lookup

_LONGEST_CLAUSE = 200
_LONGEST_NAME = 4
"""Words."""
_NEAR_ME = pattern("near me")
_PREFIX = pattern("customer prefix")
_NOBODY = pattern("nobody")
_ANY_TITLE = pattern("any title")
_AND_ASKING = re.compile(r",? (?:and|or|also|plus) (?=(?:what|when|which|how|do|does|am|is|are|have|has|my)\b)", re.I)
_ABOUT_STOCK = frozenset({Fact.STOCK, Fact.IN_STORE, Fact.OVERVIEW})
_NAME = re.compile(r"[^\W\d_][\w'.-]*(?: [^\W\d_][\w'.-]*)*")
_EDGE = " .,;:\"'"


class Topic(Enum):
    """What can be asked about somebody's rentals; the value is the section of its forms."""

    OUT = "out"
    HISTORY = "history"
    OWED = "owed"
    CUSTOMER = "customer"


@dataclass(frozen=True)
class Affairs:
    """Somebody's rentals: one's own, or with `customer`, a name, an e-mail or a number, another's."""

    topics: tuple[Topic, ...]
    customer: str = ""
    title: str = ""
    """Only rentals of this film."""


@dataclass(frozen=True)
class NearMe:
    """Where a film is in stock, seen from the person's own store."""

    films: Lookup


DeskPlan = Affairs | NearMe


@lru_cache(maxsize=512)
def desk_plan_for(question: str) -> DeskPlan | None:
    """What a question asks of the rental desk; None for those about films alone. Never raises, whatever it holds."""
    text = readable(question)
    found = [affairs for part in clauses(text) for affairs in _read(part)]
    if not found:
        return _near_me(text)
    return Affairs(
        tuple(dict.fromkeys(topic for affairs in found for topic in affairs.topics)),
        next((affairs.customer for affairs in found if affairs.customer), ""),
        next((affairs.title for affairs in found if affairs.title), ""),
    )


def _read(part: str) -> Iterator[Affairs]:
    """The clause as a whole, else what stands on the two sides of an "and"."""
    if whole := _affairs(part):
        yield whole
        return
    sides = _AND_ASKING.split(part)
    yield from (affairs for side in sides[:3] if len(sides) > 1 and (affairs := _affairs(side)))


def _affairs(part: str) -> Affairs | None:
    text = as_question(bare_clause(part).strip().rstrip("?.!, "))
    if len(text) > _LONGEST_CLAUSE:
        return None
    for topic in Topic:
        for form in _FORMS[topic]:
            if (match := form.fullmatch(text)) and (affairs := _of_match(topic, match.groupdict())):
                return affairs
    return None


_FORMS = {topic: patterns(topic.value) for topic in Topic}


def _of_match(topic: Topic, groups: dict[str, str | None]) -> Affairs | None:
    title = (groups.get("film") or "").strip(_EDGE)
    title = "" if _ANY_TITLE.match(title) else title
    who = groups.get("who")
    if who is None:
        return Affairs((topic,), title=title)
    customer = _customer(who)
    return Affairs((topic,), customer, title) if customer else None


def _customer(who: str) -> str:
    """A number, an e-mail or a name; empty when it is nobody."""
    text = _PREFIX.sub("", who.strip(_EDGE)).strip(_EDGE)
    named = text != who.strip(_EDGE)
    number = text.removeprefix("#")
    if number.isdecimal():
        return number if named or text != number else ""
    if "@" in text:
        return text
    words = text.split()
    if not _NAME.fullmatch(text) or len(words) > _LONGEST_NAME or _NOBODY.match(text):
        return ""
    return text if named or len(words) > 1 or text[0].isupper() else ""


def _near_me(text: str) -> NearMe | None:
    match = _NEAR_ME.search(text)
    if match is None:
        return None
    rest = f"{text[: match.start()]}{text[match.end() :]}"
    plan = plan_for(rest)
    about_stock = isinstance(plan, Lookup) and all(_ABOUT_STOCK.issuperset(r.facts) for r in plan.readings)
    return NearMe(plan) if isinstance(plan, Lookup) and about_stock else None
