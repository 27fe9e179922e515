"""/api/v1/categories"""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import CategoryServiceDep, Id, Limit, Skip
from app.api.problems import responses
from app.schemas.categories import CategoryRead

router = APIRouter(prefix="/categories", tags=["categories"])


@router.get("", operation_id="list_categories", responses=responses(422, 503))
async def list_categories(categories: CategoryServiceDep, skip: Skip = 0, limit: Limit = 100) -> list[CategoryRead]:
    """Categories by id, each with the number of its films."""
    return await categories.list(skip=skip, limit=limit)


@router.get("/{category_id}", operation_id="get_category", responses=responses(404, 422, 503))
async def get_category(categories: CategoryServiceDep, category_id: Id) -> CategoryRead:
    """One category with the number of its films."""
    return await categories.get(category_id)
