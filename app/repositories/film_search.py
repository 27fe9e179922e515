"""Finding films by a title as people type it, and by what they are like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.database.driver_errors import sqlstate_of
from app.core.similarity import fold, likeness
from app.models import Category, Film, FilmActor, FilmCategory, metadata
from app.models.types import Rating
from app.repositories.films import ACTOR_NAME, FILM, FILMS, in_category, with_actor
from app.repositories.rows import every, every_model, require_columns
from app.repositories.sql import has_part
from app.repositories.stock import copies, is_out
from app.schemas.films import FilmCard, FilmListed

R = TypeVar("R")

_ARTICLES = ("the ", "a ", "an ")
CANDIDATES = 50
"""Titles weighed per search. More films than that containing the same words need a better question."""
_WORDS = 12
"""Of a title asked for that are looked at."""
_UNDEFINED_FUNCTION = "42883"

LIKE = 0.6
"""From this likeness on a title may be a misspelling of another."""


class Match(str, Enum):
    """How well the best titles fit what was asked for."""

    EXACT = "exact"
    PARTIAL = "partial"
    SIMILAR = "similar"
    NONE = "none"


class FilmSort(str, Enum):
    """Orders of a criteria search."""

    TITLE = "title"
    NEWEST = "newest"
    OLDEST = "oldest"
    SHORTEST = "shortest"
    LONGEST = "longest"
    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"
    COSTLIEST_TO_REPLACE = "costliest_to_replace"


@dataclass(frozen=True)
class TitleMatches:
    """Films whose title fits, best first: `ids` of the ones meant, `others` as (title, year)."""

    match: Match
    ids: list[int]
    scores: dict[int, float]
    total: int
    others: list[tuple[str, int | None]]


class _FittingFilm(FilmListed):
    total: int


@dataclass(frozen=True)
class Criteria:
    """What the films must be like; None and () do not matter. Minutes, dollars, years; names in any case.

    `categories`, `actors` and `words` must all fit, of `ratings` one.
    """

    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    without_actors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Of the title or the description."""
    ratings: tuple[Rating, ...] = ()
    without_ratings: tuple[Rating, ...] = ()
    language: str | None = None
    min_year: int | None = None
    max_year: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_rental_rate: Decimal | None = None
    max_rental_rate: Decimal | None = None
    in_stock: bool | None = None
    streaming_available: bool | None = None


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """Titles with the same key are the same to a person: no case, accents, punctuation or leading article."""
    words = "".join(char if char.isalnum() else " " for char in fold(title).replace("'", "").replace("’", ""))
    key = " ".join(words.split()) + " "
    for article in _ARTICLES:
        key = key.removeprefix(article) or key
    return key.strip()


CARDS = FILM.add_columns(copies().label("copies"), copies(~is_out()).label("in_stock")).where(
    col(Film.film_id).in_(sa.bindparam("film_ids", expanding=True))
)
require_columns(FilmCard, CARDS)


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

_ORDERS: dict[FilmSort, sa.SQLColumnExpression[Any]] = {
    FilmSort.TITLE: col(Film.title),
    FilmSort.NEWEST: col(Film.release_year).desc().nulls_last(),
    FilmSort.OLDEST: col(Film.release_year).asc().nulls_last(),
    FilmSort.SHORTEST: col(Film.length).asc().nulls_last(),
    FilmSort.LONGEST: col(Film.length).desc().nulls_last(),
    FilmSort.CHEAPEST: col(Film.rental_rate),
    FilmSort.MOST_EXPENSIVE: col(Film.rental_rate).desc(),
    FilmSort.COSTLIEST_TO_REPLACE: col(Film.replacement_cost).desc(),
}

_FITS = {
    **FILMS.filters,
    "min_rental_rate": col(Film.rental_rate) >= sa.bindparam("min_rental_rate"),
    "max_rental_rate": col(Film.rental_rate) <= sa.bindparam("max_rental_rate"),
    "ratings": col(Film.rating).in_(sa.bindparam("ratings", expanding=True)),
    # A film without a rating has none of these.
    "without_ratings": col(Film.rating).is_(None)
    | col(Film.rating).not_in(sa.bindparam("without_ratings", expanding=True)),
}
_FITS_EACH: dict[str, Callable[[str], sa.ColumnElement[bool]]] = {
    "categories": lambda name: in_category(has_part(col(Category.name), name)),
    "without_categories": lambda name: ~in_category(has_part(col(Category.name), name)),
    "actors": lambda name: with_actor(has_part(ACTOR_NAME, name)),
    "without_actors": lambda name: ~with_actor(has_part(ACTOR_NAME, name)),
    "words": lambda name: has_part(col(Film.title) + " " + sa.func.coalesce(col(Film.description), ""), name),
}
"""Criteria of which a search may have several, by the name of the parameter that has one of them."""


def require_conditions(criteria: type[Criteria]) -> None:
    """Raise TypeError for a criterion without a condition, which a search would ignore."""
    if missing := {field.name for field in fields(criteria)} - _FITS.keys() - _FITS_EACH.keys() - FILMS.flags.keys():
        raise TypeError(f"{criteria.__name__}: no condition for {', '.join(sorted(missing))}: add it in this module.")


require_conditions(Criteria)


def _shared(table: type[FilmCategory] | type[FilmActor], key: str) -> sa.ScalarSelect[int]:
    """How many of `table`'s links the enclosing query's film shares with the one given."""
    link = metadata.tables[str(table.__tablename__)]
    own = link.alias()
    return (
        sa.select(sa.func.count())
        .select_from(link.join(own, link.c[key] == own.c[key]))
        .where(link.c.film_id == col(Film.film_id), own.c.film_id == sa.bindparam("film_id"))
        .correlate(Film)
        .scalar_subquery()
    )


_SHARED = _shared(FilmCategory, "category_id") + _shared(FilmActor, "actor_id")
_YEAR = sa.select(col(Film.release_year)).where(col(Film.film_id) == sa.bindparam("film_id")).correlate(None)
_SIMILAR = (
    FILMS.select.where(col(Film.film_id) != sa.bindparam("film_id"), _SHARED > 0)
    .order_by(
        _SHARED.desc(),
        sa.func.abs(col(Film.release_year) - _YEAR.scalar_subquery()).nulls_last(),
        col(Film.film_id),
    )
    .limit(sa.bindparam("limit_", type_=sa.Integer))
)


@lru_cache(maxsize=_WORDS + 1)
def _with_words(count: int) -> sa.Select[Any]:
    """Titles with the whole of `title` or with each of so many words in them, the shortest first."""
    words = (has_part(col(Film.title), f"word_{number}") for number in range(count))
    return (
        _TITLES.where(has_part(col(Film.title), "title") | sa.and_(*words))
        .order_by(sa.func.length(col(Film.title)), col(Film.release_year).desc().nulls_last(), col(Film.film_id))
        .limit(CANDIDATES)
    )


@lru_cache(maxsize=512)
def _fitting(names: tuple[str, ...], flags: tuple[tuple[str, bool], ...], sort: FilmSort) -> sa.Select[Any]:
    """Films that fit the criteria of these names, and how many there are."""
    fits = [_FITS_EACH[kind](name) if (kind := name.split(":")[0]) in _FITS_EACH else _FITS[name] for name in names]
    fits += [condition for name, wanted in flags if (condition := FILMS.flags[name][not wanted]) is not None]
    return (
        FILMS.select.add_columns(sa.func.count().over().label("total"))
        .where(*fits)
        .order_by(_ORDERS[sort], col(Film.title), col(Film.film_id))
        .limit(sa.bindparam("limit_", type_=sa.Integer))
    )


def _parameters(criteria: Criteria) -> dict[str, Any]:
    """The criteria that matter by the names of their parameters: of several words, the second is "words:1"."""
    given = {name: value for name, value in asdict(criteria).items() if value not in (None, ())}
    return {
        parameter: value
        for name, values in given.items()
        for parameter, value in (
            ((f"{name}:{number}", each) for number, each in enumerate(values))
            if name in _FITS_EACH
            else ((name, list(values) if isinstance(values, tuple) else values),)
        )
    }


async def by_trigrams(
    connection: AsyncConnection,
    statement: sa.Executable,
    otherwise: sa.Executable,
    row: Callable[..., R],
    **values: object,
) -> list[R]:
    """Return all rows of a statement that needs pg_trgm, or of another statement if the server does not have it.

    The connection must not be in a transaction: after a failed statement nothing could follow in it.
    """
    try:
        return await every(connection, statement, row, **values)
    except ProgrammingError as error:
        if sqlstate_of(error) != _UNDEFINED_FUNCTION:
            raise
    return await every(connection, otherwise, row, **values)


class FilmSearchRepository:
    """Reads films the way a question asks for them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def match_title(self, title: str, *, limit: int) -> TitleMatches:
        """Films called `title`, else those containing it, else those spelt like it; at most `limit` ids."""
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
        """Titles with these words in them, whatever stands between: "spider man" is in "Spider-Man"."""
        words = {f"word_{number}": word for number, word in enumerate(key.split()[:_WORDS])}
        return await every(self._connection, _with_words(len(words)), TitleRow, title=title, **words)

    async def _spelt_like(self, title: str, key: str) -> list[tuple[TitleRow, float]]:
        """Trigrams choose the candidates, in the database; letters in their order decide, here."""
        scored = [(film, likeness(key, title_key(film.title))) for film in await self._sharing_trigrams(title)]
        alike = [(film, score) for film, score in scored if score >= LIKE]
        return sorted(alike, key=lambda pair: (-pair[1], pair[0].film_id))

    async def _sharing_trigrams(self, title: str) -> list[TitleRow]:
        # Without pg_trgm every title is weighed: slow for very many films, but right.
        return await by_trigrams(self._connection, _SHARING_TRIGRAMS, _TITLES, TitleRow, title=title)

    async def cards(self, film_ids: Sequence[int]) -> list[FilmCard]:
        """Return everything about these films, in this order; unknown ids are left out."""
        if not film_ids:
            return []
        found = {
            card.id: card for card in await every_model(self._connection, CARDS, FilmCard, film_ids=list(film_ids))
        }
        return [found[film_id] for film_id in film_ids if film_id in found]

    async def find(self, criteria: Criteria, *, sort: FilmSort, limit: int) -> tuple[int, Sequence[FilmListed]]:
        """How many films fit, and the first `limit` of them."""
        given = _parameters(criteria)
        flags = tuple((name, given.pop(name)) for name in FILMS.flags if name in given)
        query = _fitting(tuple(given), flags, sort)
        found = await every_model(self._connection, query, _FittingFilm, **given, limit_=limit)
        return (found[0].total if found else 0), found

    async def similar(self, film_id: int, *, limit: int) -> Sequence[FilmListed]:
        """Films sharing most categories and actors with this one, then those nearest in year."""
        return await every_model(self._connection, _SIMILAR, FilmListed, film_id=film_id, limit_=limit)


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
    """Whole words only: "up" is not in "Groundhog Day's Supper", and "it" is not in "Spirited Away"."""
    return f" {key} " in f" {title_key(title)} " or set(key.split()) <= set(title_key(title).split())
