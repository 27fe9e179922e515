"""Categories, with the number of their films."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Category, FilmCategory
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Str
from app.repositories.rows import columns_of, every, first, one
from app.repositories.sql import has_part
from app.schemas.categories import CategoryQuery, CategoryRead

_FILM_COUNT = (
    sa.select(sa.func.count())
    .select_from(FilmCategory)
    .where(col(FilmCategory.category_id) == col(Category.category_id))
    .correlate(Category)
    .scalar_subquery()
)
_COUNTED = sa.select(*columns_of(CategoryRead, Category, id=col(Category.category_id), film_count=_FILM_COUNT))
_THIS = col(Category.category_id) == sa.bindparam("id_")

CATEGORIES = PaginatedSelect(
    CategoryRead,
    _COUNTED,
    sorts={"id": SortKey(col(Category.category_id), Int), "name": SortKey(col(Category.name), Str)},
    filters={"name": has_part(col(Category.name), "name")},
    queries=(CategoryQuery,),
)

_ONE = _COUNTED.where(_THIS)
_ALL = _COUNTED.order_by(col(Category.category_id))
_LOCK = sa.select(col(Category.category_id)).where(_THIS).with_for_update()
_LOCK_NAMES = sa.select(sa.func.pg_advisory_xact_lock(sa.literal_column("'category'::regclass::bigint")))
_NAMED = sa.select(col(Category.category_id)).where(
    sa.func.lower(col(Category.name)) == sa.func.lower(sa.bindparam("name_", type_=sa.Text))
)
_HAS_FILMS = sa.select(sa.exists().where(col(FilmCategory.category_id) == sa.bindparam("id_")))
_ADD = sa.insert(Category).returning(
    *columns_of(CategoryRead, Category, id=col(Category.category_id), film_count=sa.literal_column("0"))
)
_RENAME = sa.update(Category).where(_THIS).returning(col(Category.category_id))
_DELETE = sa.delete(Category).where(_THIS)


class CategoryRepository:
    """Reads and writes categories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, category_id: int) -> CategoryRead | None:
        """Return the category, or None."""
        return await first(self._connection, _ONE, CategoryRead, id_=category_id)

    async def all(self) -> list[CategoryRead]:
        """Return every category, in order of id."""
        return await every(self._connection, _ALL, CategoryRead)

    async def lock(self, category_id: int) -> bool:
        """Lock the category against new references from films until this transaction ends; return whether it exists."""
        return await self._connection.scalar(_LOCK, {"id_": category_id}) is not None

    async def lock_names(self) -> None:
        """Wait for other transactions that call this, so that names are checked and written by one at a time.

        Pagila has no unique index on the name, and one could not be added to a store that has a name twice.
        SQLite has one writer at a time.
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(_LOCK_NAMES)

    async def named(self, name: str) -> Sequence[int | None]:
        """Return the ids of the categories with this name, ignoring case."""
        return (await self._connection.scalars(_NAMED, {"name_": name})).all()

    async def has_films(self, category_id: int) -> bool:
        """Return whether the category has films."""
        return bool(await self._connection.scalar(_HAS_FILMS, {"id_": category_id}))

    async def add(self, name: str) -> CategoryRead:
        """Add a category and return it."""
        return await one(self._connection, _ADD, CategoryRead, name=name)

    async def rename(self, category_id: int, name: str) -> bool:
        """Rename the category; return whether it exists."""
        return await self._connection.scalar(_RENAME, {"id_": category_id, "name": name}) is not None

    async def delete(self, category_id: int) -> None:
        """Delete the category."""
        await self._connection.execute(_DELETE, {"id_": category_id})
