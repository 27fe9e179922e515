"""Categories and how many films each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Category, FilmCategory
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, Str, first
from app.repositories.sql import has_part

_FILM_COUNT = (
    sa.select(sa.func.count())
    .select_from(FilmCategory)
    .where(col(FilmCategory.category_id) == col(Category.category_id))
    .correlate(Category)
    .scalar_subquery()
)
_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Category.category_id).label("id"),
    col(Category.name),
    col(Category.last_update),
)
_COUNTED = sa.select(*_COLUMNS, _FILM_COUNT.label("film_count"))
_THIS = col(Category.category_id) == sa.bindparam("id_")

CATEGORIES = PaginatedSelect(
    _COUNTED,
    sorts={"id": SortKey(col(Category.category_id), Int), "name": SortKey(col(Category.name), Str)},
    filters={"name": has_part(col(Category.name), "name")},
)

_ONE = _COUNTED.where(_THIS)
_LOCK = sa.select(col(Category.category_id)).where(_THIS).with_for_update()
_LOCK_NAMES = sa.select(sa.func.pg_advisory_xact_lock(sa.literal_column("'category'::regclass::bigint")))
_NAMED = sa.select(col(Category.category_id)).where(
    sa.func.lower(col(Category.name)) == sa.func.lower(sa.bindparam("name_", type_=sa.Text))
)
_HAS_FILMS = sa.select(sa.exists().where(col(FilmCategory.category_id) == sa.bindparam("id_")))
_ADD = sa.insert(Category).returning(*_COLUMNS, sa.literal_column("0").label("film_count"))
_RENAME = sa.update(Category).where(_THIS).returning(col(Category.category_id))
_DELETE = sa.delete(Category).where(_THIS)


class CategoryRepository:
    """Reads and writes categories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, category_id: int) -> Row | None:
        """The category with its `film_count`, or None."""
        return await first(self._connection, _ONE, id_=category_id)

    async def all(self) -> Sequence[sa.RowMapping]:
        """Every category by id, each with its `film_count`."""
        return (await self._connection.execute(_COUNTED.order_by(col(Category.category_id)))).mappings().all()

    async def lock(self, category_id: int) -> bool:
        """Whether it exists; then no film can be put into it before this transaction ends."""
        return await first(self._connection, _LOCK, id_=category_id) is not None

    async def lock_names(self) -> None:
        """No other transaction that asks for this gives a category a name before this one ends.

        Pagila has no unique index on the name, and one could not be added to a store that has a name twice.
        SQLite's writers take turns anyway.
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(_LOCK_NAMES)

    async def named(self, name: str) -> Sequence[int | None]:
        """The ids of the categories with this name, in any case."""
        return (await self._connection.scalars(_NAMED, {"name_": name})).all()

    async def has_films(self, category_id: int) -> bool:
        """Whether a film is in it."""
        return bool(await self._connection.scalar(_HAS_FILMS, {"id_": category_id}))

    async def add(self, name: str) -> Row | None:
        """The new category, as `find` has it."""
        return await first(self._connection, _ADD, name=name)

    async def rename(self, category_id: int, name: str) -> bool:
        """Give it this name; whether it exists."""
        return await first(self._connection, _RENAME, id_=category_id, name=name) is not None

    async def delete(self, category_id: int) -> None:
        """Remove it."""
        await self._connection.execute(_DELETE, {"id_": category_id})
