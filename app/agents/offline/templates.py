"""How people ask for a fact about a film: patterns around the title, the specific ones first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.agents.offline.grammar import fragment, patterns
from app.agents.offline.plan import Fact

_LONGEST = 200
_LONGEST_BACKWARDS = 80
"""Characters; matching backwards from the end takes time that grows with their square."""

_BY_FACT = (
    *(Fact.RENTAL_DAYS, Fact.REPLACEMENT, Fact.STREAMING, Fact.FEATURES, Fact.PRICE, Fact.RATING, Fact.AUDIENCE),
    *(Fact.CATEGORY, Fact.LANGUAGE, Fact.YEAR, Fact.LENGTH, Fact.STOCK, Fact.CAST, Fact.PLOT),
)
"""In the order in which they are tried: "how long can I keep Alien" comes before "how long is Alien"."""
_NOUNS = tuple(
    (fact, re.compile(rf"\b(?:{fragment(f'{fact.name}_NOUN')})\b", re.IGNORECASE))
    for fact in (*_BY_FACT, Fact.OVERVIEW)
    if fact != Fact.AUDIENCE
)


@dataclass(frozen=True)
class Template:
    """A pattern with a group `title`, and `nouns` if the facts are named. `loose`: the whole may be a title too."""

    pattern: re.Pattern[str]
    facts: tuple[Fact, ...] = ()
    loose: bool = False
    longest: int = _LONGEST

    def match(self, text: str) -> re.Match[str] | None:
        """The match of the whole text."""
        return self.pattern.fullmatch(text) if len(text) <= self.longest else None


def _templates() -> Iterator[Template]:
    for fact in _BY_FACT:
        yield from _section(fact.value, fact)
    yield from _section("by noun")
    yield from _section("overview", Fact.OVERVIEW)
    yield from _section("in the store", Fact.IN_STORE)


def _loose_templates() -> Iterator[Template]:
    yield from _section("clear noun beside")
    yield from _section("clear noun behind", longest=_LONGEST_BACKWARDS)
    yield from _section("wish", Fact.IN_STORE, loose=True)
    yield from _section("noun beside", loose=True)
    yield from _section("noun behind", loose=True, longest=_LONGEST_BACKWARDS)


def _section(name: str, *facts: Fact, loose: bool = False, longest: int = _LONGEST) -> Iterator[Template]:
    return (Template(pattern, facts, loose, longest) for pattern in patterns(name))


TEMPLATES = tuple(_templates())
LOOSE_TEMPLATES = tuple(_loose_templates())
"""Forms with so little around the title that a question for several films may have them, too."""


def nouns_facts(nouns: str) -> tuple[Fact, ...]:
    """The facts named in "the price and the rating", in this order; a longer noun hides those within it."""
    found: list[tuple[int, Fact]] = []
    for fact, noun in _NOUNS:
        for match in noun.finditer(nouns):
            found.append((match.start(), fact))
            nouns = f"{nouns[: match.start()]}{'_' * len(match[0])}{nouns[match.end() :]}"
    return tuple(dict.fromkeys(fact for _, fact in sorted(found, key=lambda pair: pair[0])))
