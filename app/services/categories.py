"""What can be asked about categories, and done to them."""

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
        """The category; raises CategoryNotFound."""
        async with self._database.reading() as connection:
            category = await CategoryRepository(connection).find(category_id)
        if category is None:
            raise CategoryNotFound(category_id)
        return CategoryRead.model_validate(category)

    async def list(self, query: CategoryQuery, *, counted: bool = False) -> Page[CategoryRead]:
        """A page of categories."""
        return await page(self._database, CATEGORIES, CategoryRead, query, counted=counted)

    async def create(self, command: CategoryCreate) -> CategoryRead:
        """A new category; raises Conflict when another has the name."""

        async def work(connection: AsyncConnection) -> CategoryRead:
            categories = CategoryRepository(connection)
            await categories.lock_names()
            _require_free(await categories.named(command.name))
            return CategoryRead.model_validate(await categories.add(command.name))

        return await self._database.transaction(work)

    async def replace(self, category_id: int, command: CategoryUpdate) -> CategoryRead:
        """The category with its new name; raises CategoryNotFound, and Conflict when another has the name."""

        async def work(connection: AsyncConnection) -> CategoryRead:
            categories = CategoryRepository(connection)
            await categories.lock_names()
            if not await categories.rename(category_id, command.name):
                raise CategoryNotFound(category_id)
            _require_free([number for number in await categories.named(command.name) if number != category_id])
            return CategoryRead.model_validate(await categories.find(category_id))

        return await self._database.transaction(work)

    async def delete(self, category_id: int) -> None:
        """Remove the category; raises CategoryNotFound, and InUse while films are in it."""

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
    """A name is free when no category has it: users pick categories by name."""
    if holders:
        raise Conflict(f"Category {holders[0]} already has this name.")
