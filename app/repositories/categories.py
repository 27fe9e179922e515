"""Categories and how many films each has."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Category, FilmCategory
from app.repositories.listing import Int, Listing, Row, SortKey, first

_FILM_COUNT = (
    sa.select(sa.func.count())
    .select_from(FilmCategory)
    .where(col(FilmCategory.category_id) == col(Category.category_id))
    .correlate(Category)
    .scalar_subquery()
)
_COUNTED = sa.select(
    col(Category.category_id).label("id"),
    col(Category.name),
    col(Category.last_update),
    _FILM_COUNT.label("film_count"),
)


_ONE = _COUNTED.where(col(Category.category_id) == sa.bindparam("category_id"))

CATEGORIES = Listing(
    _COUNTED,
    sorts={"id": SortKey(col(Category.category_id), Int), "name": SortKey(col(Category.name), str)},
)


class CategoryRepository:
    """Reads categories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, category_id: int) -> Row | None:
        """The category with its `film_count`, or None."""
        return await first(self._connection, _ONE, category_id=category_id)

    async def all(self) -> Sequence[sa.RowMapping]:
        """Every category by id, each with its `film_count`."""
        return (await self._connection.execute(_COUNTED.order_by(col(Category.category_id)))).mappings().all()
