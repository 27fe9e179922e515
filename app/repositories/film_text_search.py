"""Full-text search of films, best match first; if no film matches, films with similar titles.

Postgres searches `film.fulltext`, the English text search vector of title and description. SQLite searches for words
with the same beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.similarity import likeness
from app.models import Film
from app.repositories.film_titles import CANDIDATES, LIKE, by_trigrams, title_key
from app.repositories.films import FILMS
from app.repositories.pagination import Condition, PaginatedSelect, SortKey
from app.repositories.sql import has_part
from app.schemas.film_search import FilmFound, FilmSearchQuery

Number = sa.ColumnElement[float]
Finite = Annotated[float, Field(allow_inf_nan=False)]

_PART_OF_TITLE, _PART_OF_TEXT = 0.7, 0.3
"""The least relevance of a film that contains the search text literally, even within a word."""
_IGNORED = frozenset(("a", "an", "and", "in", "is", "of", "on", "or", "the", "to"))
"""On SQLite; Postgres knows more of them."""
_PART = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_WORD = re.compile(r"\w+")
_PUNCTUATION = "-.,:;!?'’\"()/&"


FilmSearchQuery.require_answered(filters={"q"}, sorts={"relevance"})


def _best_first(relevance: Number, filters: Mapping[str, Condition]) -> PaginatedSelect[FilmFound]:
    return PaginatedSelect(
        FilmFound,
        FILMS.select.add_columns(relevance.label("relevance")),
        sorts={"relevance": SortKey(relevance, Finite), "id": FILMS.sorts["id"]},
        filters=filters,
    )


def _on_postgres() -> PaginatedSelect[FilmFound]:
    """Return the search for `q`, with the syntax of web searches: "quoted words", or, -not. No text is an error.

    The film's own vector does not tell a title from a description, and all films that have the words once rank the
    same. So films with all words in the title come first: exact titles, then shorter ones. For the others, a word in
    the title counts as much as ten in the description.
    """
    q = sa.bindparam("q", type_=sa.Text)
    english: sa.ColumnClause[str] = sa.literal_column("'english'")
    asked = sa.func.websearch_to_tsquery(english, q, type_=TSQUERY)
    title = sa.func.to_tsvector(english, col(Film.title), type_=TSVECTOR)
    heavy = sa.func.setweight(title, sa.literal_column("'A'"), type_=TSVECTOR)
    called_so = sa.cast(sa.func.lower(col(Film.title)) == sa.func.lower(q), sa.Integer)

    def rank(vector: sa.ColumnElement[Any]) -> Number:
        # 33: divided by the logarithm of the length, then scaled below 1. Unlike ts_rank it accepts a -word.
        weights: sa.ColumnClause[Any] = sa.literal_column("'{0.1, 0.1, 0.1, 1}'::real[]")
        return sa.func.ts_rank_cd(weights, vector, asked, sa.literal_column("33"), type_=sa.Float)

    relevance = sa.case(
        (title.bool_op("@@")(asked), 1 + called_so + rank(heavy)),
        else_=rank(heavy.op("||")(col(Film.fulltext))),
    )
    # A double, as in a cursor.
    return _best_first(sa.cast(relevance, sa.Double), {"q": col(Film.fulltext).bool_op("@@")(asked)})


def _on_sqlite() -> PaginatedSelect[FilmFound]:
    """Return the search for `words` and `without`: lists of beginnings of required and of excluded words."""
    title, text = _spaced(col(Film.title)), _spaced(col(Film.title) + " " + sa.func.coalesce(col(Film.description), ""))
    words, without = (
        sa.func.json_each(sa.bindparam(name, type_=sa.JSON)).table_valued("value", name=name)
        for name in ("words", "without")
    )

    def of(words: sa.TableValuedAlias, result: sa.ColumnElement[Any], *conditions: Condition) -> sa.ScalarSelect[Any]:
        return sa.select(result).select_from(words).where(*conditions).correlate(Film).scalar_subquery()

    def begins(haystack: sa.SQLColumnExpression[str], words: sa.TableValuedAlias) -> Condition:
        return sa.func.instr(haystack, " " + sa.func.lower(words.c.value)) > 0

    number, asked = of(words, sa.func.count()), of(words, sa.func.count()) + of(without, sa.func.count())
    in_title = of(words, sa.func.count(), begins(title, words))
    length = of(words, sa.func.total(sa.func.length(words.c.value)))
    share = sa.func.min(1.0, length / sa.func.length(col(Film.title)))
    relevance = sa.case((in_title == number, 1 + share), else_=(in_title + 0.1) / (number + 1))
    return _best_first(
        relevance,
        {
            "words": (asked > 0) & (of(words, sa.func.count(), begins(text, words)) == number),
            "without": of(without, sa.func.count(), begins(text, without)) == 0,
        },
    )


def _spaced(text: sa.SQLColumnExpression[str]) -> sa.SQLColumnExpression[str]:
    """Convert the text to lower case with a space before and after each word."""
    for sign in _PUNCTUATION:
        text = sa.func.replace(text, sign, " ")
    return sa.literal(" ") + sa.func.lower(text) + " "


_MATCHING = {"postgresql": _on_postgres(), "sqlite": _on_sqlite()}


def matching(dialect: str) -> PaginatedSelect[FilmFound]:
    """Return the list of films that match the `search_terms` of the same database dialect."""
    return _MATCHING[dialect]


def search_terms(asked: str, dialect: str) -> dict[str, Any]:
    """Return the filters of `matching` for a search text."""
    terms = _terms(asked)
    return {name: terms[name] for name in _MATCHING[dialect].filters}


def _terms(asked: str) -> dict[str, Any]:
    words: dict[bool, list[str]] = {False: [], True: []}
    for minus, phrase, token in _PART.findall(asked):
        found = _WORD.findall(phrase or token)
        parts = [" ".join(found)] if phrase else [word for word in found if word.lower() not in _IGNORED]
        # One or two letters begin too many words.
        words[bool(minus)] += [part if len(part) > 2 else f"{part} " for part in parts if part]
    return {"q": asked, "words": words[False], "without": words[True]}


def _given_scores() -> PaginatedSelect[FilmFound]:
    """Return the list of the films whose ids are in `scores`, with the relevance given there."""
    scores = sa.func.json_each(sa.bindparam("scores", type_=sa.JSON)).table_valued("key", "value", name="scores")
    relevance = sa.cast(sa.cast(scores.c.value, sa.Text), sa.Double)
    return _best_first(relevance, {"scores": sa.cast(scores.c.key, sa.Integer) == col(Film.film_id)})


SCORED = _given_scores()

_CANDIDATE = sa.select(col(Film.film_id), col(Film.title))
_SHARED = sa.func.similarity(col(Film.title), sa.bindparam("q", type_=sa.Text))
_IN_TITLE = has_part(col(Film.title), "part")
_AT_LEAST = sa.case((_IN_TITLE, _PART_OF_TITLE), else_=_PART_OF_TEXT)


class _Candidate(NamedTuple):
    film_id: int
    title: str
    at_least: float


def _unmatched(dialect: str) -> Condition:
    """Match if no film at all matches the search text."""
    found = sa.select(1).select_from(Film).where(*_MATCHING[dialect].filters.values())
    return ~found.correlate(None).exists()


_SHARING = {
    dialect: _CANDIDATE.add_columns(sa.case((_IN_TITLE, _PART_OF_TITLE), else_=0.0).label("at_least"))
    .where(_SHARED > 0, _unmatched(dialect))
    .order_by(_SHARED.desc(), col(Film.film_id))
    .limit(CANDIDATES)
    for dialect in _MATCHING
}
_CONTAINING = {
    dialect: _CANDIDATE.add_columns(_AT_LEAST.label("at_least"))
    .where(_IN_TITLE | has_part(sa.func.coalesce(col(Film.description), ""), "part"), _unmatched(dialect))
    .order_by(_AT_LEAST.desc(), sa.func.length(col(Film.title)), col(Film.film_id))
    .limit(CANDIDATES)
    for dialect in _MATCHING
}


class FilmTextSearchRepository:
    """Searches for films with similar titles."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def meant(self, asked: str) -> dict[int, float]:
        """Return the relevance (0.0 to 1.0), by id, of films with similar titles; empty if any film's text matches.

        Trigrams choose the candidates and likeness decides. Without pg_trgm, the candidates contain the text literally.
        """
        dialect = self._connection.dialect.name
        key = title_key(asked)
        if not key:
            return {}
        values = {**search_terms(asked, dialect), "q": asked, "part": asked}
        found = await by_trigrams(self._connection, _SHARING[dialect], _CONTAINING[dialect], _Candidate, **values)
        scores = {film.film_id: _relevance(key, film) for film in found}
        return {film_id: score for film_id, score in scores.items() if score > 0}


def _relevance(key: str, film: _Candidate) -> float:
    alike = likeness(key, title_key(film.title))
    # One or two letters are part of too many words.
    at_least = film.at_least if len(key) > 2 else 0.0
    return max(at_least, round(alike, 4) if alike >= LIKE else 0.0)
