"""Finding films: by a title as people type it, by what they are like, and where their discs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.similarity import fold, likeness
from app.models import Category, Film, FilmActor, FilmCategory, Inventory, Language, Rental, metadata
from app.models.types import Rating
from app.repositories.films import ACTOR_NAME, actor_names, category_names, in_category, with_actor
from app.repositories.sql import contains
from app.repositories.stock import copies, is_in_stock, is_out

_ARTICLES = ("the ", "a ", "an ")
_CANDIDATES = 50
"""Titles weighed per search. More films than that containing the same words need a better question."""


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


@dataclass(frozen=True)
class TitleMatches:
    """Films whose title fits, best first: `ids` of the ones meant, `others` as (title, year)."""

    match: Match
    ids: list[int]
    scores: dict[int, float]
    total: int
    others: list[tuple[str, int | None]]


@dataclass(frozen=True)
class Criteria:
    """What the films must be like; None does not matter. Minutes, dollars, years."""

    category: str | None = None
    actor: str | None = None
    rating: Rating | None = None
    min_year: int | None = None
    max_year: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_rental_rate: Decimal | None = None
    in_stock: bool | None = None


def title_key(title: str) -> str:
    """Titles with the same key are the same to a person: no case, accents, punctuation or leading article."""
    words = "".join(char if char.isalnum() else " " for char in fold(title).replace("'", "").replace("’", ""))
    key = " ".join(words.split()) + " "
    for article in _ARTICLES:
        key = key.removeprefix(article) or key
    return key.strip()


_BRIEF: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Film.film_id),
    col(Film.title),
    col(Film.release_year),
    col(Film.rating),
    col(Film.length).label("length_minutes"),
    col(Film.rental_rate),
    category_names().label("categories"),
)
_CARD = sa.select(
    *_BRIEF,
    col(Film.description),
    sa.func.rtrim(col(Language.name)).label("language"),
    col(Film.rental_duration).label("rental_duration_days"),
    col(Film.replacement_cost),
    col(Film.special_features),
    col(Film.streaming_available),
    actor_names().label("actors"),
    copies().label("copies"),
    copies(~is_out()).label("in_stock"),
).join(Language, col(Language.language_id) == col(Film.language_id))

_TITLES = sa.select(col(Film.film_id), col(Film.title), col(Film.release_year))

_ORDERS: dict[FilmSort, sa.SQLColumnExpression[Any]] = {
    FilmSort.TITLE: col(Film.title),
    FilmSort.NEWEST: col(Film.release_year).desc().nulls_last(),
    FilmSort.OLDEST: col(Film.release_year).asc().nulls_last(),
    FilmSort.SHORTEST: col(Film.length).asc().nulls_last(),
    FilmSort.LONGEST: col(Film.length).desc().nulls_last(),
    FilmSort.CHEAPEST: col(Film.rental_rate),
}


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
        exact = [film for film in found if title_key(film["title"]) == key]
        if exact:
            others = [film for film in found if film not in exact and (len(key) > 3 or _has_words(film["title"], key))]
            return _matches(Match.EXACT, exact, limit, others)
        partial = [film for film in found if _has_words(film["title"], key)]
        if partial:
            return _matches(Match.PARTIAL, partial, limit)
        alike = await self._spelt_like(title, key)
        return _matches(Match.SIMILAR if alike else Match.NONE, [film for film, _ in alike], limit, scores=alike)

    async def _containing(self, title: str, key: str) -> Sequence[sa.RowMapping]:
        """Titles with these words in them, whatever stands between: "spider man" is in "Spider-Man"."""
        whole = contains(col(Film.title), title)
        words = sa.and_(*(contains(col(Film.title), word) for word in key.split()[:12]))
        query = _TITLES.where(whole | words).order_by(
            sa.func.length(col(Film.title)), col(Film.release_year).desc().nulls_last(), col(Film.film_id)
        )
        return (await self._connection.execute(query.limit(_CANDIDATES))).mappings().all()

    async def _spelt_like(self, title: str, key: str) -> list[tuple[sa.RowMapping, float]]:
        """Trigrams choose the candidates, in the database; letters in their order decide, here."""
        scored = [(film, likeness(key, title_key(film["title"]))) for film in await self._sharing_trigrams(title)]
        alike = [(film, score) for film, score in scored if score >= LIKE]
        return sorted(alike, key=lambda pair: (-pair[1], pair[0]["film_id"]))

    async def _sharing_trigrams(self, title: str) -> Sequence[sa.RowMapping]:
        if not await self._has_similarity():
            # Without pg_trgm every title is weighed: slow for very many films, but right.
            return (await self._connection.execute(_TITLES)).mappings().all()
        shared = sa.func.similarity(col(Film.title), title)
        query = _TITLES.where(shared > 0).order_by(shared.desc(), col(Film.film_id)).limit(_CANDIDATES)
        return (await self._connection.execute(query)).mappings().all()

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    async def _has_similarity(self) -> bool:
        if self._dialect == "sqlite":
            return True
        extensions = sa.table("pg_extension", sa.column("extname", sa.Text))
        query = sa.select(extensions.c.extname).where(extensions.c.extname == "pg_trgm")
        return (await self._connection.execute(query)).first() is not None

    async def cards(self, film_ids: Sequence[int]) -> list[sa.RowMapping]:
        """Everything about these films, in this order; unknown ids are left out."""
        if not film_ids:
            return []
        query = _CARD.where(col(Film.film_id).in_(film_ids))
        found = {row["film_id"]: row for row in (await self._connection.execute(query)).mappings()}
        return [found[film_id] for film_id in film_ids if film_id in found]

    async def find(self, criteria: Criteria, *, sort: FilmSort, limit: int) -> tuple[int, Sequence[sa.RowMapping]]:
        """How many films fit, and the first `limit` of them."""
        total = sa.func.count().over().label("total")
        query = (
            sa.select(*_BRIEF, total)
            .where(*_conditions(criteria))
            .order_by(_ORDERS[sort], col(Film.title), col(Film.film_id))
            .limit(limit)
        )
        found = (await self._connection.execute(query)).mappings().all()
        return (found[0]["total"] if found else 0), found

    async def similar(self, film_id: int, *, limit: int) -> Sequence[sa.RowMapping]:
        """Films sharing most categories and actors with this one, then those nearest in year."""
        shared = _shared(FilmCategory, "category_id", film_id) + _shared(FilmActor, "actor_id", film_id)
        year = sa.select(col(Film.release_year)).where(col(Film.film_id) == film_id).correlate(None)
        query = (
            sa.select(*_BRIEF)
            .where(col(Film.film_id) != film_id, shared > 0)
            .order_by(
                shared.desc(),
                sa.func.abs(col(Film.release_year) - year.scalar_subquery()).nulls_last(),
                col(Film.film_id),
            )
            .limit(limit)
        )
        return (await self._connection.execute(query)).mappings().all()

    async def stock(self, film_id: int) -> Sequence[sa.RowMapping]:
        """`copies` and `in_stock` for each store that has the film."""
        query = (
            sa.select(
                col(Inventory.store_id),
                sa.func.count().label("copies"),
                sa.func.count().filter(~is_out()).label("in_stock"),
            )
            .where(col(Inventory.film_id) == film_id)
            .group_by(col(Inventory.store_id))
            .order_by(col(Inventory.store_id))
        )
        return (await self._connection.execute(query)).mappings().all()

    async def open_rental_dates(self, film_id: int) -> list[datetime]:
        """When each disc of the film that is out was rented."""
        query = (
            sa.select(col(Rental.rental_date))
            .join(Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
            .where(col(Inventory.film_id) == film_id, col(Rental.return_date).is_(None))
        )
        return list((await self._connection.execute(query)).scalars())


def _matches(
    match: Match,
    films: Sequence[sa.RowMapping],
    limit: int,
    others: Sequence[sa.RowMapping] = (),
    scores: Sequence[tuple[sa.RowMapping, float]] = (),
) -> TitleMatches:
    rest = [*films[limit:], *others][:10]
    return TitleMatches(
        match,
        [film["film_id"] for film in films[:limit]],
        {film["film_id"]: score for film, score in scores},
        len(films) + len(others),
        [(film["title"], film["release_year"]) for film in rest],
    )


def _has_words(title: str, key: str) -> bool:
    """Whole words only: "up" is not in "Groundhog Day's Supper", and "it" is not in "Spirited Away"."""
    return f" {key} " in f" {title_key(title)} " or set(key.split()) <= set(title_key(title).split())


def _conditions(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if criteria.category is not None:
        conditions.append(in_category(contains(col(Category.name), criteria.category)))
    if criteria.actor is not None:
        conditions.append(with_actor(contains(ACTOR_NAME, criteria.actor)))
    if criteria.rating is not None:
        conditions.append(col(Film.rating) == criteria.rating)
    if criteria.in_stock is not None:
        conditions.append(is_in_stock() if criteria.in_stock else ~is_in_stock())
    bounds: tuple[tuple[sa.SQLColumnExpression[Any], Any, Any], ...] = (
        (col(Film.release_year), criteria.min_year, criteria.max_year),
        (col(Film.length), criteria.min_length, criteria.max_length),
        (col(Film.rental_rate), None, criteria.max_rental_rate),
    )
    for column, low, high in bounds:
        if low is not None:
            conditions.append(column >= low)
        if high is not None:
            conditions.append(column <= high)
    return conditions


def _shared(table: type[FilmCategory] | type[FilmActor], key: str, film_id: int) -> sa.ScalarSelect[int]:
    """How many of `table`'s links the enclosing query's film shares with the one given."""
    link = metadata.tables[str(table.__tablename__)]
    own = link.alias()
    return (
        sa.select(sa.func.count())
        .select_from(link.join(own, link.c[key] == own.c[key]))
        .where(link.c.film_id == col(Film.film_id), own.c.film_id == film_id)
        .correlate(Film)
        .scalar_subquery()
    )
