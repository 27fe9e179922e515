"""Films by the words of their title and description, best first; where no film has them, by titles spelt like them.

Postgres asks `film.fulltext`, which has both in English. SQLite looks for words that begin like those asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.similarity import likeness
from app.models import Film
from app.repositories.film_search import CANDIDATES, LIKE, by_trigrams, title_key
from app.repositories.films import FILMS
from app.repositories.pagination import Condition, PaginatedSelect, Row, SortKey
from app.repositories.sql import has_part

Number = sa.ColumnElement[float]
Finite = Annotated[float, Field(allow_inf_nan=False)]

_PART_OF_TITLE, _PART_OF_TEXT = 0.7, 0.3
"""How relevant a film is at least that has what was asked for as it stands, be it within a word."""
_IGNORED = frozenset(("a", "an", "and", "in", "is", "of", "on", "or", "the", "to"))
"""On SQLite; Postgres knows more of them."""
_PART = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_WORD = re.compile(r"\w+")
_PUNCTUATION = "-.,:;!?'’\"()/&"


def _best_first(relevance: Number, filters: Mapping[str, Condition]) -> PaginatedSelect:
    return PaginatedSelect(
        FILMS.select.add_columns(relevance.label("relevance")),
        sorts={"relevance": SortKey(relevance, Finite), "id": FILMS.sorts["id"]},
        filters=filters,
    )


def _on_postgres() -> PaginatedSelect:
    """Takes `q` as web searches do: "quoted words", or, -not. Whatever it holds, it is no error.

    The film's own vector does not tell a title from a description, and all that have the words once rank the same. So
    films whose title has them all come first, those called so before all others, then the shorter titles. Of the rest,
    a word in the title counts as much as ten in the description.
    """
    q = sa.bindparam("q", type_=sa.Text)
    english: sa.ColumnClause[str] = sa.literal_column("'english'")
    asked = sa.func.websearch_to_tsquery(english, q, type_=TSQUERY)
    title = sa.func.to_tsvector(english, col(Film.title), type_=TSVECTOR)
    heavy = sa.func.setweight(title, sa.literal_column("'A'"), type_=TSVECTOR)
    called_so = sa.cast(sa.func.lower(col(Film.title)) == sa.func.lower(q), sa.Integer)

    def rank(vector: sa.ColumnElement[Any]) -> Number:
        # 33: divided by the logarithm of the length, then brought below 1. Unlike ts_rank it bears a -word.
        weights: sa.ColumnClause[Any] = sa.literal_column("'{0.1, 0.1, 0.1, 1}'::real[]")
        return sa.func.ts_rank_cd(weights, vector, asked, sa.literal_column("33"), type_=sa.Float)

    relevance = sa.case(
        (title.bool_op("@@")(asked), 1 + called_so + rank(heavy)),
        else_=rank(heavy.op("||")(col(Film.fulltext))),
    )
    # A double, for that is what comes back in a cursor.
    return _best_first(sa.cast(relevance, sa.Double), {"q": col(Film.fulltext).bool_op("@@")(asked)})


def _on_sqlite() -> PaginatedSelect:
    """Takes `words` and `without`: lists of how words begin that it must have, and must not have."""
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
    """Lower case, a space before and after each word."""
    for sign in _PUNCTUATION:
        text = sa.func.replace(text, sign, " ")
    return sa.literal(" ") + sa.func.lower(text) + " "


_MATCHING = {"postgresql": _on_postgres(), "sqlite": _on_sqlite()}


def matching(dialect: str) -> PaginatedSelect:
    """The films whose text has the `search_terms` of a question, on this kind of database."""
    return _MATCHING[dialect]


def search_terms(asked: str) -> dict[str, Any]:
    """What `matching` takes, whatever the database."""
    words: dict[bool, list[str]] = {False: [], True: []}
    for minus, phrase, token in _PART.findall(asked):
        found = _WORD.findall(phrase or token)
        parts = [" ".join(found)] if phrase else [word for word in found if word.lower() not in _IGNORED]
        # One or two letters begin too many words.
        words[bool(minus)] += [part if len(part) > 2 else f"{part} " for part in parts if part]
    return {"q": asked, "words": words[False], "without": words[True]}


def _given_scores() -> PaginatedSelect:
    """The films that `scores` has by id, with the relevance given there."""
    scores = sa.func.json_each(sa.bindparam("scores", type_=sa.JSON)).table_valued("key", "value", name="scores")
    relevance = sa.cast(sa.cast(scores.c.value, sa.Text), sa.Double)
    return _best_first(relevance, {"scores": sa.cast(scores.c.key, sa.Integer) == col(Film.film_id)})


SCORED = _given_scores()

_CANDIDATE = sa.select(col(Film.film_id), col(Film.title))
_SHARED = sa.func.similarity(col(Film.title), sa.bindparam("q", type_=sa.Text))
_IN_TITLE = has_part(col(Film.title), "part")
_AT_LEAST = sa.case((_IN_TITLE, _PART_OF_TITLE), else_=_PART_OF_TEXT)


def _unmatched(dialect: str) -> Condition:
    """No film at all has the text."""
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
    """Finds what may have been meant."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def meant(self, asked: str) -> dict[int, float]:
        """Films by id, each with its relevance (0.0 to 1.0): those with such titles, where no text matches.

        Trigrams choose the candidates and likeness decides. Without pg_trgm, those that have it as it stands.
        """
        dialect = self._connection.dialect.name
        key = title_key(asked)
        if not key:
            return {}
        values = {**search_terms(asked), "part": asked}
        found = await by_trigrams(self._connection, _SHARING[dialect], _CONTAINING[dialect], **values)
        scores = {film["film_id"]: _relevance(key, film) for film in found}
        return {film_id: score for film_id, score in scores.items() if score > 0}


def _relevance(key: str, film: Row) -> float:
    alike = likeness(key, title_key(film["title"]))
    # One or two letters are within too many words.
    at_least: float = film["at_least"] if len(key) > 2 else 0.0
    return max(at_least, round(alike, 4) if alike >= LIKE else 0.0)
