"""What can be asked about categories."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import CategoryNotFound
from app.repositories.categories import CategoryRepository
from app.schemas.categories import CategoryRead


class CategoryService:
    """Categories, for one request."""

    def __init__(self, session: AsyncSession) -> None:
        self._categories = CategoryRepository(session)

    async def get(self, category_id: int) -> CategoryRead:
        """The category; raises CategoryNotFound."""
        category = await self._categories.find(category_id)
        if category is None:
            raise CategoryNotFound(category_id)
        return CategoryRead.model_validate(dict(category))

    async def list(self, *, skip: int, limit: int) -> list[CategoryRead]:
        """A page of categories by id."""
        categories = await self._categories.list(skip=skip, limit=limit)
        return [CategoryRead.model_validate(dict(category)) for category in categories]
