"""The forms that a clause may have, each with a reader that turns it into a plan or passes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.agents.offline.grammar import matching, pattern, patterns
from app.agents.offline.lists import list_plan
from app.agents.offline.plan import (
    ActorOrTitle,
    Categories,
    Certainty,
    Context,
    Fact,
    Find,
    HandOver,
    Like,
    Lookup,
    Plan,
    Reading,
    Title,
    WhichFilm,
)
from app.agents.offline.smalltalk import is_general
from app.agents.offline.templates import LOOSE_TEMPLATES, TEMPLATES, Template, nouns_facts
from app.agents.offline.titles import readings, show_quotes

_LIKE = patterns("like")
_LIKE_IT = pattern("like it")
_LIKED = pattern("liked")
_AFTER_LIKE = pattern("after like")
_WANTS_MORE = pattern("wants more")
_CATEGORIES = patterns("categories")
_NAMES_A_FILM = re.compile(r"\b(?:is|are|was) (?!there|available)[A-Z\"]")
_WORDS_IN_TITLE = patterns("words in title")
_CALLED = pattern("called")
_CONTEST = patterns("contest")
_CONTEST_WORDS = pattern("contest words")
_CONTEST_FACTS = {
    "long": Fact.LENGTH,
    "short": Fact.LENGTH,
    "cheap": Fact.PRICE,
    "more": Fact.PRICE,
    "new": Fact.YEAR,
    "old": Fact.YEAR,
}
_AMOUNT = re.compile(r"\b(?:hours?|minutes?|mins?|hrs?|dollars?|bucks?|cents?)\b|[$£€]", re.IGNORECASE)
_PERSON = patterns("person")
_PRONOUN = pattern("pronoun")
_NOT_A_TITLE = patterns("not a title")
_NOUNS_OF = pattern("nouns of")
_LISTING_WORD = re.compile(r"(?:a|an|any|some|all|your|the \w+est|most)\b", re.IGNORECASE)
_LISTED_FACTS = frozenset({Fact.IN_STORE, Fact.OVERVIEW, Fact.STOCK})
_IT = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_ONLY_FACTS = patterns("only facts")
_ANOTHER = pattern("another one")
_SAME_FACTS = patterns("same facts")
_FILMISH = pattern("filmish")


@dataclass(frozen=True)
class Clause:
    """A clause with its quoted pieces hidden (see `titles.hide_quotes`), and what was said before it."""

    text: str
    pieces: Sequence[str]
    context: Context


def read_clause(clause: Clause) -> Plan | None:
    """The plan of the first form that fits."""
    return next((plan for reader in _READERS if (plan := reader(clause)) is not None), None)


def read_like(clause: Clause) -> Plan | None:
    """ "something like Alien", "I liked Alien, what else is there?" """
    if clause.context.title is not None and _LIKE_IT.fullmatch(clause.text):
        return Like(clause.context.title)
    match = matching(_LIKE, clause.text)
    if match is None and _WANTS_MORE.search(clause.text):
        match = _LIKED.fullmatch(clause.text)
    title = _one_title(_AFTER_LIKE.sub("", match["title"]), clause) if match else None
    return Like(title) if title else None


def lookup(clause: Clause, found: tuple[Reading, ...]) -> Lookup | None:
    """A look-up of titles, which is certainly about films when the clause has quotes or a word of the trade."""
    if not found:
        return None
    certain = bool(clause.pieces) or _FILMISH.search(clause.text) is not None
    return Lookup(found, Certainty.CERTAIN if certain else Certainty.LIKELY)


def is_title(phrase: str) -> bool:
    """Not "you" or "a good film"."""
    return matching(_NOT_A_TITLE, phrase) is None


def _one_title(phrase: str, clause: Clause) -> Title | None:
    if _PRONOUN.fullmatch(phrase.strip(" ?.!,")):
        return clause.context.title
    found = readings(phrase, (), clause.pieces)
    return found[0].titles[0] if found else None


def _read_categories(clause: Clause) -> Plan | None:
    if clause.pieces or _NAMES_A_FILM.search(clause.text) or not matching(_CATEGORIES, clause.text):
        return None
    wanted = list_plan(clause.text)
    return wanted if isinstance(wanted, Find) and any("category" in call for call in wanted.calls) else Categories()


def _read_contest(clause: Clause) -> Plan | None:
    match = None if _AMOUNT.search(clause.text) else matching(_CONTEST, clause.text)
    if match is None:
        return None
    word = (match.groupdict().get("word") or "both").lower()
    facts = tuple(fact for start, fact in _CONTEST_FACTS.items() if word.startswith(start))
    if nouns := match.groupdict().get("nouns"):
        facts = nouns_facts(nouns)
    phrase = _CONTEST_WORDS.sub("", match["title"]).strip()
    found = readings(phrase, facts, clause.pieces, rivals=True)
    several = tuple(_with_context(reading, clause.context) for reading in found if len(reading.titles) > 1)
    return Lookup(several, Certainty.LIKELY, contest=word) if several else None


def _with_context(reading: Reading, context: Context) -> Reading:
    """ "Compare it with Coco" after another film."""
    last = context.title
    titles = (last if last is not None and _PRONOUN.fullmatch(title.text) else title for title in reading.titles)
    return replace(reading, titles=tuple(titles))


def _read_words_in_title(clause: Clause) -> Plan | None:
    match = matching(_WORDS_IN_TITLE, clause.text)
    found = readings(match["title"], (Fact.OVERVIEW,), clause.pieces)[:1] if match else ()
    return Lookup(found, Certainty.CERTAIN, whole_words=True) if found else None


def _read_called(clause: Clause) -> Plan | None:
    match = _CALLED.fullmatch(clause.text)
    found = readings(match["title"], (), clause.pieces) if match else ()
    return Lookup(found, Certainty.CERTAIN) if found else None


def _read_template(clause: Clause) -> Plan | None:
    return _read_by(TEMPLATES, clause)


def _read_loose_template(clause: Clause) -> Plan | None:
    return _read_by(LOOSE_TEMPLATES, clause)


def _read_by(templates: Sequence[Template], clause: Clause) -> Plan | None:
    for template in templates:
        match = template.match(clause.text)
        if match is None:
            continue
        plan = _subject(match["title"].strip(" ?.!,"), template.facts or nouns_facts(match["nouns"]), clause)
        if isinstance(plan, Lookup) and template.loose:
            # The words around the title may belong to it: "Language Cowboy", "Get Out".
            return replace(plan, readings=(*readings(clause.text, (), clause.pieces)[:1], *plan.readings))
        if plan is not None:
            return plan
    return None


def _subject(phrase: str, facts: tuple[Fact, ...], clause: Clause) -> Plan | None:
    """What is asked about: the film of before, films of a kind, or titles."""
    if match := _NOUNS_OF.fullmatch(phrase):
        # "Could I get the price of Alien" has the form of "Could I get Alien".
        phrase, facts = match["title"], nouns_facts(match["nouns"])
    if (plan := _refers_back(phrase, facts, clause.context)) is not None:
        return plan
    wanted = None if clause.pieces else list_plan(phrase)
    only_listed = _LISTED_FACTS.issuperset(facts)
    if isinstance(wanted, Find) and (only_listed or _LISTING_WORD.match(phrase)):
        return list_plan(clause.text) or wanted
    if isinstance(wanted, ActorOrTitle) and only_listed:
        return wanted
    return lookup(clause, _with_own_facts(readings(phrase, facts, clause.pieces))) if is_title(phrase) else None


def _refers_back(phrase: str, facts: tuple[Fact, ...], context: Context) -> Plan | None:
    """A pronoun means the film of before; "It" may be a title, too, and is one when nothing came before."""
    if not _PRONOUN.fullmatch(phrase):
        return None
    if context.title is not None:
        return Lookup((Reading((context.title,), facts),), Certainty.CERTAIN)
    return None if phrase.lower() == "it" else WhichFilm()


def _with_own_facts(found: Sequence[Reading]) -> tuple[Reading, ...]:
    """In "the price of Alien and the rating of Jaws" the second title brings its own fact."""
    return tuple(_with_own_fact(reading) if len(reading.titles) > 1 else reading for reading in found)


def _with_own_fact(reading: Reading) -> Reading:
    titles, facts = [], list(reading.facts)
    for title in reading.titles:
        match = _NOUNS_OF.fullmatch(title.text)
        titles.append(Title(match["title"], title.year, match["title"]) if match else title)
        facts += nouns_facts(match["nouns"]) if match else ()
    return Reading(tuple(titles), tuple(dict.fromkeys(facts)))


def _read_find(clause: Clause) -> Plan | None:
    plan = None if clause.pieces else list_plan(clause.text)
    return plan if isinstance(plan, Find) else None


def _read_list(clause: Clause) -> Plan | None:
    plan = None if clause.pieces else list_plan(clause.text)
    return HandOver() if isinstance(plan, ActorOrTitle) and is_general(clause.text) else plan


def _read_person(clause: Clause) -> Plan | None:
    match = matching(_PERSON, clause.text)
    title = _one_title(match["title"], clause) if match else None
    if match is None or title is None:
        return None
    person = show_quotes(match["person"], clause.pieces)
    if " " not in person and person == person.lower():
        return None
    return Lookup((Reading((title,), (Fact.CAST,)),), person=person)


def _read_follow_up(clause: Clause) -> Plan | None:
    """ "how long?" and "what about Aliens?" after another film."""
    last = clause.context.title
    if facts := _only_facts(clause.text):
        if last is not None:
            return Lookup((Reading((last,), facts),), Certainty.CERTAIN)
        return None if _IT.search(clause.text) else WhichFilm()
    if last is not None and (other := _ANOTHER.fullmatch(clause.text)):
        year = int(other["year"]) if other["year"] else None
        newest = None if year else other["new"] is not None
        return Lookup((Reading((replace(last, year=year, newest=newest),), clause.context.facts),), Certainty.CERTAIN)
    match = matching(_SAME_FACTS, clause.text) if last else None
    found = readings(match["title"], clause.context.facts, clause.pieces) if match else ()
    return Lookup(found) if found else None


def _only_facts(text: str) -> tuple[Fact, ...]:
    match = matching(_ONLY_FACTS, text)
    if match is None:
        return ()
    groups = {name: said for name, said in match.groupdict().items() if said}
    return nouns_facts(groups["nouns"]) if "nouns" in groups else tuple(Fact(name) for name in groups)


_READERS: tuple[Callable[[Clause], Plan | None], ...] = (
    read_like,
    _read_categories,
    _read_contest,
    _read_words_in_title,
    _read_called,
    _read_follow_up,
    _read_template,
    _read_find,
    _read_loose_template,
    _read_list,
    _read_person,
)
