"""From a question to a plan: by the form of the question, never by which titles happen to be in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from app.agents.offline.clauses import as_question, bare_clause, clauses
from app.agents.offline.cues import read_cues
from app.agents.offline.grammar import fragment, pattern
from app.agents.offline.plan import Certainty, Context, Fact, HandOver, Lookup, Plan, Reading, WhichFilm
from app.agents.offline.readers import Clause, is_title, lookup, read_clause, read_like
from app.agents.offline.smalltalk import is_empty, is_general, is_small_talk
from app.agents.offline.text import tidy
from app.agents.offline.titles import PRIVATE, SMALL_END, hide_quotes, readings

_LONGEST = 400
"""Characters that are read; of longer questions the beginning and the end."""
_LONGEST_CLAUSE = 200
_LONGEST_TITLE = 8
"""Words of a phrase that may be a title and nothing else."""
_MOST_READINGS = 4

_YES = pattern("yes")
_WHAT_IS = pattern("what is")
_QUESTION_WORD = pattern("question word")
_CAPITALISED = r"[A-Z0-9][\w'&:.-]*"
_FILM_THEN_NAME = re.compile(
    rf"\b(?i:{fragment('FILM')})(?: called| named| titled)?,? "
    rf"(?P<title>(?:(?:the|a|an) )?{_CAPITALISED}(?: (?:{_CAPITALISED}|(?:of|the|and|in|a|to|for|from)\b))*)"
)
"""Case matters here: "the film Alien", but not "the film that I saw"."""

_NOTHING = Context()


@lru_cache(maxsize=512)
def plan_for(question: str, context: Context = _NOTHING) -> Plan:
    """What to do about a question; never raises, whatever it holds."""
    text = readable(question)
    if is_empty(text):
        return HandOver()
    if context.suggested is not None and _YES.fullmatch(text.rstrip(" .!")):
        return Lookup((Reading((context.suggested,), context.facts or (Fact.OVERVIEW,)),), Certainty.CERTAIN)
    if (plan := read_like(Clause(text[:_LONGEST_CLAUSE].rstrip("?.! "), (), context))) is not None:
        return plan
    parts = clauses(text)
    merged = _merged(parts, context) if len(parts) > 1 else None
    return _with_default(merged or _read(text, context))


def readable(question: str) -> str:
    """The question tidied; of a long one the beginning and the end."""
    half = _LONGEST // 2
    return tidy(question if len(question) <= _LONGEST else f"{question[:half]} . {question[-half:]}")


def _merged(parts: Sequence[str], context: Context) -> Plan | None:
    """One plan for several clauses, of which later ones may say "it"; None when none is clearly for us."""
    best: Plan | None = None
    for part in parts:
        plan = _read(part, context)
        if isinstance(plan, Lookup) and plan.certainty > Certainty.GUESS:
            reading = plan.readings[0]
            context = Context(reading.titles[0], reading.facts or context.facts)
            best = _both(best, plan) if isinstance(best, Lookup) else plan
        elif isinstance(plan, Lookup) and context.title is None:
            context = Context(plan.readings[-1].titles[0])
        elif not isinstance(plan, (HandOver, Lookup, WhichFilm)) and not isinstance(best, Lookup):
            best = plan
    return best


def _both(first: Lookup, second: Lookup) -> Lookup:
    """The facts of both about the films of both; "I'd like to see Alien" asks nothing when something else does."""
    pairs = [(a, b) for a in first.readings for b in second.readings]
    merged = []
    for a, b in pairs[:_MOST_READINGS]:
        facts = tuple(dict.fromkeys((*a.facts, *b.facts)))
        asked = tuple(fact for fact in facts if fact not in (Fact.IN_STORE, Fact.OVERVIEW))
        merged.append(Reading(tuple(dict.fromkeys((*a.titles, *b.titles))), asked or facts))
    return replace(first, readings=tuple(merged), certainty=max(first.certainty, second.certainty))


def _with_default(plan: Plan) -> Plan:
    """A film that is only named is asked about in general."""
    if not isinstance(plan, Lookup):
        return plan
    return replace(plan, readings=tuple(replace(r, facts=r.facts or (Fact.OVERVIEW,)) for r in plan.readings))


def _read(part: str, context: Context) -> Plan:
    text = bare_clause(part)
    if is_empty(text) or len(text) > _LONGEST_CLAUSE or is_small_talk(text) or is_small_talk(part):
        return HandOver()
    hidden, pieces = hide_quotes(text)
    clause = Clause(as_question(hidden.strip().rstrip("?.!, ") or hidden), pieces, context)
    return read_clause(clause) or _guess(clause)


def _guess(clause: Clause) -> Plan:
    """No form fitted: perhaps a title is quoted, follows "the film", or is all there is."""
    if clause.pieces and not is_general(clause.text):
        quoted = " and ".join(PRIVATE.findall(clause.text))
        return lookup(clause, readings(quoted, (), clause.pieces)) or HandOver()
    if match := _FILM_THEN_NAME.search(clause.text):
        return lookup(clause, readings(SMALL_END.sub("", match["title"]), ())) or HandOver()
    if (cued := read_cues(clause.text)) is not None:
        return _with_whole(cued, clause.text)
    if is_general(clause.text) or not is_title(clause.text):
        return HandOver()
    return _only_a_title(clause.text) or HandOver()


def _with_whole(cued: Lookup, text: str) -> Lookup:
    """ "Who Framed Roger Rabbit" has a cue in it and is a title all the same."""
    whole = _only_a_title(text)
    if whole is None:
        return cued
    others = [reading for reading in cued.readings if reading.titles[0].text != whole.readings[0].titles[0].text]
    return replace(cued if others else whole, readings=(*whole.readings, *others))


def _only_a_title(text: str) -> Lookup | None:
    count = len(text.split())
    asking = _QUESTION_WORD.match(text) is not None
    if count > _LONGEST_TITLE or (asking and count < 3):
        return None
    found = readings(text, ())
    if asked := _WHAT_IS.fullmatch(text):
        found += readings(asked["title"], ())[:1]
    certainty = Certainty.GUESS if asking else Certainty.LIKELY
    return Lookup(found, certainty, bare=not asking) if found else None
