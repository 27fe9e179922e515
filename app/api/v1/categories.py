"""/api/v1/categories"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.deps import CategoryServiceDep, Id
from app.api.pages import PAGE, Prefer, counted, page_response
from app.api.problems import responses
from app.schemas.categories import CategoryQuery, CategoryRead

router = APIRouter(prefix="/categories", tags=["categories"])


@router.get("", operation_id="list_categories", response_model=list[CategoryRead], responses=PAGE | responses(422, 503))
async def list_categories(
    request: Request, categories: CategoryServiceDep, query: Annotated[CategoryQuery, Query()], prefer: Prefer = None
) -> Response:
    """Categories, by id unless sorted otherwise, each with the number of its films."""
    return page_response(request, await categories.list(query, counted=counted(prefer)), CategoryRead)


@router.get("/{category_id}", operation_id="get_category", responses=responses(404, 422, 503))
async def get_category(categories: CategoryServiceDep, category_id: Id) -> CategoryRead:
    """One category with the number of its films."""
    return await categories.get(category_id)
