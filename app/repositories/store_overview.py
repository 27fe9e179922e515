"""What the store has, in numbers: films, stores, languages, categories, ratings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Address, Category, City, Film, FilmCategory, Inventory, Language, Store
from app.repositories.rows import mappings

Row = dict[str, Any]

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


class StoreOverviewRepository:
    """Counts what there is."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def films(self) -> Row:
        """Films in all, and the bounds of their years and rates."""
        (row,) = await mappings(self._connection, _FILMS)
        return row

    async def stores(self, *, limit: int) -> list[Row]:
        """The stores that have discs; each tells the `total` that there are."""
        return await mappings(self._connection, _STORES, limit_=limit)

    async def counts(self) -> Mapping[str, list[Row]]:
        """Films in each language, category and rating, most first."""
        kinds: Mapping[str, sa.Executable] = {"languages": _LANGUAGES, "categories": _CATEGORIES, "ratings": _RATINGS}
        return {kind: await mappings(self._connection, statement) for kind, statement in kinds.items()}
