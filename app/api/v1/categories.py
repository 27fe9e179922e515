"""/api/v1/categories"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import PUBLIC, GuardedRoute, staff
from app.api.deps import CategoryServiceDep, Id
from app.api.etags import LOCATED, location_of
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.categories import CategoryCreate, CategoryQuery, CategoryRead, CategoryUpdate

router = APIRouter(prefix="/api/v1/categories", tags=["categories"], route_class=GuardedRoute)


@router.get("", operation_id="list_categories", dependencies=[PUBLIC], **paginated(CategoryRead, CategoryQuery))
async def list_categories(
    categories: CategoryServiceDep, page: Annotated[PageRequest[CategoryQuery], Depends(page_request(CategoryQuery))]
) -> Response:
    """List categories with the number of their films; by default in order of id."""
    return page.answer(await categories.list(page.query, counted=page.counted), CategoryRead)


@router.post(
    "",
    operation_id="create_category",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=201,
    responses=LOCATED | responses(409, 413, 422, 503),
)
async def create_category(
    request: Request, response: Response, categories: CategoryServiceDep, command: CategoryCreate
) -> CategoryRead:
    """Add a category; 409 if another one has this name, ignoring case."""
    created = await categories.create(command)
    response.headers["Location"] = location_of(request, created.id)
    return created


@router.get("/{category_id}", operation_id="get_category", dependencies=[PUBLIC], responses=responses(404, 422, 503))
async def get_category(categories: CategoryServiceDep, category_id: Id) -> CategoryRead:
    """Return a category with the number of its films."""
    return await categories.get(category_id)


@router.put(
    "/{category_id}",
    operation_id="replace_category",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    responses=responses(404, 409, 413, 422, 503),
)
async def replace_category(categories: CategoryServiceDep, category_id: Id, command: CategoryUpdate) -> CategoryRead:
    """Rename a category; 409 if another one has this name, ignoring case."""
    return await categories.replace(category_id, command)


@router.delete(
    "/{category_id}",
    operation_id="delete_category",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=204,
    responses=responses(404, 409, 422, 503),
)
async def delete_category(categories: CategoryServiceDep, category_id: Id) -> None:
    """Delete a category; 409 if it has films."""
    await categories.delete(category_id)
