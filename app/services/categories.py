"""What can be asked about categories."""

from __future__ import annotations

from app.core.db import Database
from app.core.errors import CategoryNotFound
from app.repositories.categories import CATEGORIES, CategoryRepository
from app.schemas.categories import CategoryQuery, CategoryRead
from app.services.paging import Page, page


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
