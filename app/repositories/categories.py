"""Categories and how many films each has."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models import Category, FilmCategory

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


class CategoryRepository:
    """Reads categories."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, category_id: int) -> sa.RowMapping | None:
        """The category with its `film_count`, or None."""
        query = _COUNTED.where(col(Category.category_id) == category_id)
        return (await self._session.execute(query)).mappings().first()

    async def list(self, *, skip: int, limit: int) -> Sequence[sa.RowMapping]:
        """Categories by id, each with its `film_count`."""
        query = _COUNTED.order_by(col(Category.category_id)).offset(skip).limit(limit)
        return (await self._session.execute(query)).mappings().all()
