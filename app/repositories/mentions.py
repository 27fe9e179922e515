"""Find the films, actors, categories and languages that a text mentions.

The database selects candidates by words (with an index on Postgres), then, if words remain unmatched, by trigrams;
app/core/name_matching.py decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.name_matching import Match, Mention, Name, mentions_in
from app.core.name_spellings import COMMON, tokens_of
from app.models import Actor, Category, Film, Language
from app.repositories.film_titles import by_trigrams
from app.repositories.films import ACTOR_NAME
from app.repositories.rows import every
from app.repositories.sql import has_part

_CANDIDATES = 150
_MOST_WORDS = 16
"""Maximum number of a text's words used to search candidates: the longest, which are the most specific."""
_MOST_RUNS = 4
_LONGEST_RUN = 100
"""Maximum characters of a text that names are compared with; caches keep its trigrams."""
_LONGEST_SCANNED = 12
"""Maximum length of a text that is compared with all names if the index finds none."""
_BINDS = 100
"""Precedence of the trigram operators, above that of the `||` in actors' names."""
_LIKE_AN_ACTOR = 0.85
_SHORT = 2
_NO_WORD = "\u2014\u2014"
"""A word that no name contains."""
_MOST_SHORT = 40
"""Limits the spellings of titles such as "Up" and "Get Out", too short for the trigram index."""
STORE_WORDS = frozenset(
    resources.files("app.repositories").joinpath("store_words.txt").read_text(encoding="utf-8").split()
)
"""Words that more likely describe a film than misspell its title."""


class _Candidate(NamedTuple):
    kind: str
    id: int
    text: str


@dataclass(frozen=True)
class Mentions:
    """Names found in a text: films by id; actors, categories and languages by name."""

    films: list[Mention]
    actors: list[tuple[Mention, list[str]]]
    categories: list[tuple[Mention, str]]
    languages: list[tuple[Mention, str]]


_FILM_NAME: tuple[sa.SQLColumnExpression[Any], ...] = (col(Film.film_id).label("id"), col(Film.title).label("text"))
_ACTOR_NAME: tuple[sa.SQLColumnExpression[Any], ...] = (
    sa.func.min(col(Actor.actor_id)).label("id"),
    ACTOR_NAME.label("text"),
)
_FILM = sa.select(*_FILM_NAME)
_ACTOR = sa.select(*_ACTOR_NAME).group_by(ACTOR_NAME)
_NAMES: tuple[sa.SelectBase, ...] = (
    sa.select(sa.literal("category").label("kind"), sa.literal(0).label("id"), col(Category.name).label("text")),
    sa.select(sa.literal("language"), sa.literal(0), sa.func.rtrim(col(Language.name))),
)


@lru_cache(maxsize=2 * _MOST_WORDS)
def _with_words(count: int) -> sa.CompoundSelect[Any]:
    """Select films and actors whose names have any of `count` words, most words first; and all other names."""
    statements: list[sa.SelectBase] = [*_NAMES]
    for select, name, column in ((_FILM, "title", col(Film.title)), (_ACTOR, "actor", ACTOR_NAME)):
        fits: list[sa.ColumnElement[bool]] = [has_part(column, f"word_{number}") for number in range(count)]
        hits: sa.ColumnElement[Any] = sa.literal(0)
        for fit in fits:
            hits = hits + sa.case((fit, 1), else_=0)
        if name == "title":
            fits.append(column.in_(sa.bindparam("short", expanding=True)))
        chosen = select.where(sa.or_(*fits)).order_by(hits.desc(), sa.func.length(column)).limit(_CANDIDATES).subquery()
        statements.append(sa.select(sa.literal("film" if name == "title" else "actor"), chosen.c.id, chosen.c.text))
    return sa.union_all(*statements)


def _sharing_trigrams(select: sa.Select[Any], column: sa.SQLColumnExpression[str], operator: bool) -> sa.Select[Any]:
    """Select names spelt like `run`. Postgres's index needs the operator; SQLite has none."""
    run = sa.bindparam("run", type_=sa.Text)
    alike: sa.ColumnElement[Any] = sa.func.similarity(column, run)
    fits = column.bool_op("%", _BINDS)(run) | run.bool_op("<%", _BINDS)(column) if operator else alike > 0
    return select.where(fits).order_by(alike.desc()).limit(_CANDIDATES)


_SPELT_LIKE = {
    (dialect, kind): _sharing_trigrams(select, column, dialect == "postgresql")
    for dialect in ("postgresql", "sqlite")
    for kind, select, column in (("film", _FILM, col(Film.title)), ("actor", _ACTOR, ACTOR_NAME))
}
_INITIALS = range(3, 6)
_BY_INITIALS = _FILM.where(
    sa.or_(
        *(col(Film.title).ilike(sa.literal(start) + sa.bindparam("initials", type_=sa.Text)) for start in ("", "the "))
    )
).limit(_CANDIDATES)
_OTHERWISE = {"film": _FILM, "actor": _ACTOR}


class MentionRepository:
    """Finds names in texts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, text: str) -> Mentions:
        """Return everything that the text mentions."""
        names = await self._with_words(text, _searched(text))
        films, actors = ([Name(one.id, one.text) for one in names if one.kind == kind] for kind in ("film", "actor"))
        categories, languages = (
            by_stem(text, [one.text for one in names if one.kind == kind]) for kind in ("category", "language")
        )
        kinds = [mention for mention, _ in (*categories, *languages)]
        in_films, in_actors = both(text, films, actors, kinds)
        if runs := _unexplained(text, [*in_films, *in_actors], kinds):
            films += [name for run in runs for name in await self._spelt_like("film", run)]
            actors += [name for run in runs for name in await self._spelt_like("actor", run)]
            in_films, in_actors = both(text, films, actors, kinds)
        known = {actor.id: actor.text for actor in actors}
        people = [(mention, [known[actor] for actor in mention.ids]) for mention in in_actors]
        return Mentions(in_films, people, categories, languages)

    async def _with_words(self, text: str, words: Sequence[str]) -> list[_Candidate]:
        values: dict[str, Any] = {f"word_{number}": word for number, word in enumerate(words or [_NO_WORD])}
        return await every(self._connection, _with_words(len(values)), _Candidate, **values, short=_short_titles(text))

    async def _spelt_like(self, kind: str, run: str) -> list[Name]:
        statement = _SPELT_LIKE[self._connection.dialect.name, kind]
        found = await by_trigrams(self._connection, statement, _OTHERWISE[kind], Name, run=run)
        if not found and len(run) <= _LONGEST_SCANNED:  # few trigrams are shared, and the index finds none: "alein"
            found = await by_trigrams(self._connection, _SPELT_LIKE["sqlite", kind], _OTHERWISE[kind], Name, run=run)
        if kind == "film" and run.isalpha() and len(run) in _INITIALS:
            # "lotr" matches "l% o% t% r%", without an index.
            found += await every(self._connection, _BY_INITIALS, Name, initials="% ".join(run.lower()) + "%")
        return found


def _searched(text: str) -> list[str]:
    """Return the words to search candidates with; STORE_WORDS only if there are no others."""
    words = dict.fromkeys(
        part for token in tokens_of(text) for part in token.text.replace("’", "'").lower().split("'") if len(part) > 2
    )
    telling = [word for word in words if word not in COMMON]
    if not text.isupper() or " " not in text.strip():  # "ET" is "E.T."
        telling += [
            ".".join(token.text) for token in tokens_of(text) if token.text.isupper() and 1 < len(token.text) < 5
        ]
    chosen = [word for word in telling if word not in STORE_WORDS] or telling
    return sorted(chosen, key=len, reverse=True)[:_MOST_WORDS]


def _short_titles(text: str) -> list[str]:
    """Return spellings in which titles of common or very short words may be stored."""
    tokens = tokens_of(text)
    runs = []
    for length in (1, 2, 3):
        for first in range(len(tokens) - length + 1):
            run = tokens[first : first + length]
            if all(token.word in COMMON or len(token.word) <= _SHORT for token in run):
                runs.append(text[run[0].start : run[-1].end])
    spelt = (variant for run in runs for variant in (run, run.title(), run.upper(), run.capitalize()))
    return [*dict.fromkeys(spelt)][: 4 * _MOST_SHORT] or [""]


def both(
    text: str, films: Sequence[Name], actors: Sequence[Name], kinds: Sequence[Mention]
) -> tuple[list[Mention], list[Mention]]:
    """Return mentions of films and of actors, without overlaps. `kinds` are mentions of categories and languages."""
    in_films, in_actors = (
        [
            mention
            for mention in mentions_in(text, list({name.id: name for name in names}.values()), STORE_WORDS)
            if mention.match is Match.EXACT or not any(map(mention.overlaps, kinds))
        ]
        for names in (films, actors)
    )
    in_actors = [
        one
        for one in in_actors
        if one.match is not Match.SIMILAR or (one.first < one.last and one.score >= _LIKE_AN_ACTOR)
    ]
    in_actors = [mention for mention in in_actors if not any(_beats(film, mention) for film in in_films)]
    in_films = [film for film in in_films if not any(mention.overlaps(film) for mention in in_actors)]
    return in_films, in_actors


def _beats(film: Mention, actor: Mention) -> bool:
    """Return whether the film is the better match for words that both mentions share."""
    if not film.overlaps(actor):
        return False
    ranks = (
        (one.match is Match.EXACT and one.first < one.last, one.score, one.last - one.first) for one in (film, actor)
    )
    return next(ranks) >= next(ranks) or (
        film.match is Match.EXACT and film.last - film.first > actor.last - actor.first
    )


def _unexplained(text: str, mentions: Sequence[Mention], kinds: Sequence[Mention]) -> list[str]:
    """Return runs of words that are neither mentions nor STORE_WORDS; none if a name matched exactly.

    A misspelt name beside an exact one is found only if one of its words is spelt correctly.
    """
    tokens = tokens_of(text)
    sure = [mention for mention in mentions if mention.score > 0.94]
    if any(mention.match is Match.EXACT and not mention.is_common for mention in sure):
        return []
    taken = {i for mention in (*sure, *kinds) for i in range(mention.first, mention.last + 1)}
    runs: list[list[int]] = [[]]
    for i, token in enumerate(tokens):
        if i in taken or token.word in STORE_WORDS:
            runs.append([])
        elif token.word not in COMMON or runs[-1]:
            runs[-1].append(i)
    found = []
    for run in runs:
        while run and tokens[run[-1]].word in COMMON:
            run.pop()
        if run and any(len(tokens[i].word) > _SHORT for i in run):
            found.append(text[tokens[run[0]].start : tokens[run[-1]].end][:_LONGEST_RUN])
    return sorted(found, key=len, reverse=True)[:_MOST_RUNS]


def by_stem(text: str, names: Sequence[str]) -> list[tuple[Mention, str]]:
    """Return names of one or two words that the text has in singular or plural: "comedies", "sci fi"."""
    stems = {_stem(name): name for name in names}
    tokens = tokens_of(text)
    found = []
    for i in range(len(tokens)):
        for length in (2, 1) if i + 1 < len(tokens) else (1,):
            if name := stems.get(_stem(" ".join(token.joined for token in tokens[i : i + length]))):
                found.append((Mention(i, i + length - 1, Match.EXACT, 1.0, ()), name))
                break
    return found


def _stem(name: str) -> str:
    word = "".join(char for char in name.lower() if char.isalnum())
    for ending, root in (("ies", "y"), ("als", ""), ("al", ""), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + root
    return word
