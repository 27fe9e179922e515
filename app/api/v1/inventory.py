"""/api/v1/inventory"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import PUBLIC, GuardedRoute, staff
from app.api.deps import Id, InventoryServiceDep
from app.api.etags import LOCATED, location_of
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.inventory import InventoryCreate, InventoryQuery, InventoryRead

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"], route_class=GuardedRoute)


@router.get("", operation_id="list_inventory", dependencies=[PUBLIC], **paginated(InventoryRead, InventoryQuery))
async def list_inventory(
    inventory: InventoryServiceDep, page: Annotated[PageRequest[InventoryQuery], Depends(page_request(InventoryQuery))]
) -> Response:
    """List inventory items with their films and whether they are in stock; by default in order of id."""
    return page.answer(await inventory.list(page.query, counted=page.counted), InventoryRead)


@router.post(
    "",
    operation_id="create_inventory",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=201,
    responses=LOCATED | responses(413, 422, 503),
)
async def create_inventory(
    request: Request, response: Response, inventory: InventoryServiceDep, command: InventoryCreate
) -> list[InventoryRead]:
    """Add inventory items of a film to a store; `Location` is the URL of the first."""
    created = await inventory.add(command)
    response.headers["Location"] = location_of(request, created[0].id)
    return created


@router.get("/{inventory_id}", operation_id="get_inventory", dependencies=[PUBLIC], responses=responses(404, 422, 503))
async def get_inventory(inventory: InventoryServiceDep, inventory_id: Id) -> InventoryRead:
    """Return an inventory item with its film and whether it is in stock."""
    return await inventory.get(inventory_id)


@router.delete(
    "/{inventory_id}",
    operation_id="delete_inventory",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=204,
    responses=responses(404, 409, 422, 503),
)
async def delete_inventory(inventory: InventoryServiceDep, inventory_id: Id) -> None:
    """Delete an inventory item; 409 if it has rentals, past ones included."""
    await inventory.delete(inventory_id)
