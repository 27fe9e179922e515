"""Numbers of the store's films, by store, language, category and rating."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Address, Category, City, Film, FilmCategory, Inventory, Language, Store
from app.models.types import Rating
from app.repositories.rows import every, one

_FILMS = sa.select(
    sa.func.count().label("films"),
    sa.func.min(col(Film.release_year)).label("oldest_year"),
    sa.func.max(col(Film.release_year)).label("newest_year"),
    sa.func.min(col(Film.rental_rate)).label("lowest_rental_rate"),
    sa.func.max(col(Film.rental_rate)).label("highest_rental_rate"),
    sa.func.sum(sa.case((col(Film.streaming_available), 1), else_=0)).label("streaming"),
)
_COUNT = sa.func.count().label("films")
_LANGUAGES: sa.Select[str, int] = (
    sa.select(sa.func.rtrim(col(Language.name)).label("name"), _COUNT)
    .join(Film, col(Film.language_id) == col(Language.language_id))
    .group_by(col(Language.name))
    .order_by(_COUNT.desc(), col(Language.name))
)
_CATEGORIES: sa.Select[str, int] = (
    sa.select(col(Category.name), sa.func.count(col(FilmCategory.film_id)).label("films"))
    .outerjoin(FilmCategory, col(FilmCategory.category_id) == col(Category.category_id))
    .group_by(col(Category.name))
    .order_by(sa.func.count(col(FilmCategory.film_id)).desc(), col(Category.name))
)
_RATINGS: sa.Select[Any, int] = (
    sa.select(col(Film.rating).label("name"), _COUNT)
    .where(col(Film.rating).is_not(None))
    .group_by(col(Film.rating))
    .order_by(_COUNT.desc(), col(Film.rating))
)
_DISCS = sa.select(col(Inventory.store_id), sa.func.count().label("discs")).group_by(col(Inventory.store_id)).subquery()
_STORES = (
    sa.select(
        col(Store.store_id), col(Address.address), col(City.city), _DISCS.c.discs, sa.func.count().over().label("total")
    )
    .join(_DISCS, _DISCS.c.store_id == col(Store.store_id))
    .join(Address, col(Address.address_id) == col(Store.address_id))
    .join(City, col(City.city_id) == col(Address.city_id))
    .order_by(col(Store.store_id))
    .limit(sa.bindparam("limit_", type_=sa.Integer))
)


class FilmsOverview(NamedTuple):
    """The number of films, and the bounds of their years and rates; None without films."""

    films: int
    oldest_year: int | None
    newest_year: int | None
    lowest_rental_rate: Decimal | None
    highest_rental_rate: Decimal | None
    streaming: int | None


class StoreRow(NamedTuple):
    """A store that has discs; `total` is the number of such stores."""

    store_id: int
    address: str
    city: str
    discs: int
    total: int


class FilmCount(NamedTuple):
    """The number of films of a language, category or rating."""

    name: str | Rating
    films: int


class StoreOverviewRepository:
    """Reads the numbers of the store."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def films(self) -> FilmsOverview:
        """Return the number of films, and the bounds of their years and rates."""
        return await one(self._connection, _FILMS, FilmsOverview)

    async def stores(self, *, limit: int) -> list[StoreRow]:
        """Return the stores that have discs."""
        return await every(self._connection, _STORES, StoreRow, limit_=limit)

    async def counts(self) -> dict[str, list[FilmCount]]:
        """Return the films of each language, category and rating, most first."""
        kinds: dict[str, sa.Executable] = {"languages": _LANGUAGES, "categories": _CATEGORIES, "ratings": _RATINGS}
        return {kind: await every(self._connection, statement, FilmCount) for kind, statement in kinds.items()}
