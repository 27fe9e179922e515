"""The last resort for questions in a form of their own: a word that tells the fact, and what looks like a title."""

from __future__ import annotations

from app.agents.offline.grammar import pattern, patterns
from app.agents.offline.plan import Certainty, Fact, Lookup, Reading, Title
from app.agents.offline.smalltalk import is_general
from app.agents.offline.titles import capitalised, readings

_CUES = {fact: patterns(f"{fact.value} cue") for fact in Fact if fact not in (Fact.OVERVIEW, Fact.IN_STORE)}
_TRADE = pattern("trade")
_BEFORE_TITLE = pattern("before the last title")
_BEHIND_TITLE = pattern("behind the last title")
_MOST_FACTS = 2
_MOST_TITLES = 3


def read_cues(text: str) -> Lookup | None:
    """A look-up of what is written like a title, or stands where one would; None without a cue."""
    trade = _TRADE.search(text) is not None
    if is_general(text) and not trade:
        return None
    facts = tuple(fact for fact, cues in _CUES.items() if any(cue.search(text) for cue in cues))[:_MOST_FACTS]
    names = capitalised(text)
    if not facts or not (trade or names):
        return None
    found = _readings([*names, *([] if names else _rest(text))], facts)
    return Lookup(found, Certainty.LIKELY if names else Certainty.GUESS) if found else None


def _readings(phrases: list[str], facts: tuple[Fact, ...]) -> tuple[Reading, ...]:
    found = [reading.titles[0] for phrase in phrases for reading in readings(phrase, ())[:1]]
    possible = dict.fromkeys(title for title in found if _is_possible(title))
    return tuple(Reading((title,), facts) for title in list(possible)[:_MOST_TITLES])


def _is_possible(title: Title) -> bool:
    return len(title.text) > 1 or title.text.isupper()


def _rest(text: str) -> list[str]:
    """What follows the last "of", "for", "rent" and the like, with and without what may follow a title."""
    match = _BEFORE_TITLE.match(text)
    rest = text[match.end() :] if match else ""
    shorter = _BEHIND_TITLE.sub("", rest)
    return [phrase for phrase in dict.fromkeys((shorter, rest)) if phrase.strip()]
