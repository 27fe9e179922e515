"""Search of films by a title as people type it: exact, partial or misspelt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.database.driver_errors import sqlstate_of
from app.core.similarity import fold, likeness
from app.models import Film
from app.repositories.rows import every
from app.repositories.sql import has_part

R = TypeVar("R")

_ARTICLES = ("the ", "a ", "an ")
CANDIDATES = 50
"""Titles compared per search; titles beyond these need a more precise search."""
_WORDS = 12
"""Words of a searched title that are used."""
_UNDEFINED_FUNCTION = "42883"

LIKE = 0.6
"""The least likeness of a title and its misspelling."""


class Match(str, Enum):
    """How well the best titles match the searched one."""

    EXACT = "exact"
    PARTIAL = "partial"
    SIMILAR = "similar"
    NONE = "none"


@dataclass(frozen=True)
class TitleMatches:
    """Films whose titles match, best first: `ids` of the best, `scores` of misspelt ones, `others` as (title, year)."""

    match: Match
    ids: list[int]
    scores: dict[int, float]
    total: int
    others: list[tuple[str, int | None]]


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """Return a title without case, accents, punctuation and leading article: people regard such titles as equal."""
    words = "".join(char if char.isalnum() else " " for char in fold(title).replace("'", "").replace("’", ""))
    key = " ".join(words.split()) + " "
    for article in _ARTICLES:
        key = key.removeprefix(article) or key
    return key.strip()


class TitleRow(NamedTuple):
    """A film's title."""

    film_id: int
    title: str
    release_year: int | None


_TITLE: tuple[sa.SQLColumnExpression[Any], ...] = (col(Film.film_id), col(Film.title), col(Film.release_year))
_TITLES = sa.select(*_TITLE)
_SHARED_TRIGRAMS = sa.func.similarity(col(Film.title), sa.bindparam("title", type_=sa.Text))
_SHARING_TRIGRAMS = (
    _TITLES.where(_SHARED_TRIGRAMS > 0).order_by(_SHARED_TRIGRAMS.desc(), col(Film.film_id)).limit(CANDIDATES)
)


@lru_cache(maxsize=_WORDS + 1)
def _with_words(count: int) -> sa.Select[Any]:
    """Select titles that contain `title`, or each of this number of words; the shortest first."""
    words = (has_part(col(Film.title), f"word_{number}") for number in range(count))
    return (
        _TITLES.where(has_part(col(Film.title), "title") | sa.and_(*words))
        .order_by(sa.func.length(col(Film.title)), col(Film.release_year).desc().nulls_last(), col(Film.film_id))
        .limit(CANDIDATES)
    )


async def by_trigrams(
    connection: AsyncConnection,
    statement: sa.Executable,
    otherwise: sa.Executable,
    row: Callable[..., R],
    **values: object,
) -> list[R]:
    """Return all rows of a statement that needs pg_trgm, or of another statement if the server does not have it.

    The connection must not be in a transaction: a failed statement would abort it.
    """
    try:
        return await every(connection, statement, row, **values)
    except ProgrammingError as error:
        if sqlstate_of(error) != _UNDEFINED_FUNCTION:
            raise
    return await every(connection, otherwise, row, **values)


class FilmTitleRepository:
    """Searches films by title."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def match_title(self, title: str, *, limit: int) -> TitleMatches:
        """Return films with this title, else those whose title contains it, else similar ones; at most `limit` ids."""
        key = title_key(title)
        if not key:
            return TitleMatches(Match.NONE, [], {}, 0, [])
        found = await self._containing(title, key)
        exact = [film for film in found if title_key(film.title) == key]
        if exact:
            others = [film for film in found if film not in exact and (len(key) > 3 or _has_words(film.title, key))]
            return _matches(Match.EXACT, exact, limit, others)
        partial = [film for film in found if _has_words(film.title, key)]
        if partial:
            return _matches(Match.PARTIAL, partial, limit)
        alike = await self._spelt_like(title, key)
        return _matches(Match.SIMILAR if alike else Match.NONE, [film for film, _ in alike], limit, scores=alike)

    async def _containing(self, title: str, key: str) -> list[TitleRow]:
        """Return titles that contain these words, whatever is between them: "spider man" is in "Spider-Man"."""
        words = {f"word_{number}": word for number, word in enumerate(key.split()[:_WORDS])}
        return await every(self._connection, _with_words(len(words)), TitleRow, title=title, **words)

    async def _spelt_like(self, title: str, key: str) -> list[tuple[TitleRow, float]]:
        """Return similar titles with their likeness: trigrams select the candidates, `likeness` decides."""
        scored = [(film, likeness(key, title_key(film.title))) for film in await self._sharing_trigrams(title)]
        alike = [(film, score) for film, score in scored if score >= LIKE]
        return sorted(alike, key=lambda pair: (-pair[1], pair[0].film_id))

    async def _sharing_trigrams(self, title: str) -> list[TitleRow]:
        # Without pg_trgm every title is compared: slow for very many films, but correct.
        return await by_trigrams(self._connection, _SHARING_TRIGRAMS, _TITLES, TitleRow, title=title)


def _matches(
    match: Match,
    films: Sequence[TitleRow],
    limit: int,
    others: Sequence[TitleRow] = (),
    scores: Sequence[tuple[TitleRow, float]] = (),
) -> TitleMatches:
    rest = [*films[limit:], *others][:10]
    return TitleMatches(
        match,
        [film.film_id for film in films[:limit]],
        {film.film_id: score for film, score in scores},
        len(films) + len(others),
        [(film.title, film.release_year) for film in rest],
    )


def _has_words(title: str, key: str) -> bool:
    """Return whether the title has these whole words: "up" is not in "Supper", and "it" is not in "Spirited Away"."""
    return f" {key} " in f" {title_key(title)} " or set(key.split()) <= set(title_key(title).split())
