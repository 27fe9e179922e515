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
_MOST_SIDES = 3
_NEAR_ME = pattern("near me")
_MY_STORE = pattern("my store")
_NEAREST_COPY = pattern("nearest copy")
_OPENING = pattern("desk opening")
_PREFIX = pattern("customer prefix")
_NUMBERED = pattern("numbered customer")
_ONLY_DESK_WORDS = pattern("only desk words")
_ONESELF = pattern("oneself")
_POLICY = pattern("policy")
_DUE_WORDS = pattern("due words")
_WORDS = {topic: pattern(f"{topic} words") for topic in ("owed", "history", "out", "rental")}
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
    text = as_question(_OPENING.sub("", bare_clause(part).strip().rstrip("?.!, ")))
    if len(text) > _LONGEST_CLAUSE:
        return
    if whole := _by_form(text):
        yield whole
        return
    sides = _AND_ASKING.split(text)[:_MOST_SIDES]
    yield from (affairs for side in sides if (affairs := _by_form(side) or _by_words(side)))


def _by_form(text: str) -> Affairs | None:
    for topic in Topic:
        for form in _FORMS[topic]:
            if (match := form.fullmatch(text)) and (affairs := _of_match(topic, match.groupdict())):
                return affairs
    return None


def _by_words(text: str) -> Affairs | None:
    """No form fitted: but whoever speaks of themselves, or of a customer's number, in words of the trade alone..."""
    customer = _NUMBERED.search(text)
    rest = f"{text[: customer.start()]}they{text[customer.end() :]}" if customer else text
    if not _ONLY_DESK_WORDS.fullmatch(rest) or _POLICY.search(rest):
        return None
    if not customer and not _ONESELF.search(rest):
        return Affairs((Topic.OUT,)) if _DUE_WORDS.search(rest) else None
    topic = _topic(rest)
    who = _customer(customer[0].removesuffix("'").removesuffix("'s")) if customer else ""
    return Affairs((topic,), who) if topic else None


def _topic(text: str) -> Topic | None:
    if _WORDS["owed"].search(text):
        return Topic.OWED
    if _WORDS["out"].search(text):
        return Topic.OUT
    if _WORDS["history"].search(text):
        return Topic.HISTORY
    return Topic.OUT if _WORDS["rental"].search(text) else None


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
        return "" if " " in text else text
    words = text.split()
    if not _NAME.fullmatch(text) or len(words) > _LONGEST_NAME or _NOBODY.match(text):
        return ""
    return text if named or len(words) > 1 or text[0].isupper() else ""


def _near_me(text: str) -> NearMe | None:
    """The question without where, if that is about a film's stock."""
    rest = _NEAR_ME.sub("", text)
    if rest == text:
        rest = _NEAREST_COPY.sub("where can i get", _MY_STORE.sub("the store", text))
    plan = plan_for(rest) if rest != text else None
    about_stock = isinstance(plan, Lookup) and all(_ABOUT_STOCK.issuperset(r.facts) for r in plan.readings)
    return NearMe(plan) if isinstance(plan, Lookup) and about_stock else None
