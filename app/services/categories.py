"""Categories."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.database.engine import Database
from app.core.errors import CategoryNotFound, Conflict, InUse
from app.repositories.categories import CATEGORIES, CategoryRepository
from app.schemas.categories import CategoryCreate, CategoryQuery, CategoryRead, CategoryUpdate
from app.services.pagination import Page, page


class CategoryService:
    """Categories, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, category_id: int) -> CategoryRead:
        """Return the category; raises CategoryNotFound."""
        async with self._database.reading() as connection:
            return _read(category_id, await CategoryRepository(connection).find(category_id))

    async def list(self, query: CategoryQuery, *, counted: bool = False) -> Page[CategoryRead]:
        """Return a page of categories."""
        return await page(self._database, CATEGORIES, query, counted=counted)

    async def create(self, command: CategoryCreate) -> CategoryRead:
        """Add a category; raises Conflict when another has the name."""

        async def work(connection: AsyncConnection) -> CategoryRead:
            categories = CategoryRepository(connection)
            await categories.lock_names()
            _require_free(await categories.named(command.name))
            return await categories.add(command.name)

        return await self._database.transaction(work)

    async def replace(self, category_id: int, command: CategoryUpdate) -> CategoryRead:
        """Rename the category; raises CategoryNotFound, Conflict when another has the name."""

        async def work(connection: AsyncConnection) -> CategoryRead:
            categories = CategoryRepository(connection)
            await categories.lock_names()
            if not await categories.rename(category_id, command.name):
                raise CategoryNotFound(category_id)
            _require_free([number for number in await categories.named(command.name) if number != category_id])
            return _read(category_id, await categories.find(category_id))

        return await self._database.transaction(work)

    async def delete(self, category_id: int) -> None:
        """Delete the category; raises CategoryNotFound, InUse when it has films."""

        async def work(connection: AsyncConnection) -> None:
            categories = CategoryRepository(connection)
            if not await categories.lock(category_id):
                raise CategoryNotFound(category_id)
            if await categories.has_films(category_id):
                raise InUse("film")
            await categories.delete(category_id)

        await self._database.transaction(work)
        audit("record_deleted", kind="category", id=category_id)


def _require_free(holders: Sequence[int | None]) -> None:
    """Raise Conflict if a category has the name: users select categories by name."""
    if holders:
        raise Conflict(f"Category {holders[0]} already has this name.")


def _read(category_id: int, category: CategoryRead | None) -> CategoryRead:
    if category is None:
        raise CategoryNotFound(category_id)
    return category
