"""/api/v1/rentals, and the rentals of a customer"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import GuardedRoute, customers, own_customer
from app.api.deps import Id, RentalServiceDep
from app.api.etags import CREATED, READ, TAGGED, IfMatch, IfNoneMatch, tagged_response
from app.api.idempotency import OnceDep
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.api.root_path import below_root
from app.core.auth.identity import Scope
from app.schemas.rentals import (
    CustomerRentalCreate,
    CustomerRentalQuery,
    RentalCreate,
    RentalQuery,
    RentalRead,
    RentalUpdate,
    ReturnCreate,
    ReturnRead,
)

router = APIRouter(prefix="/api/v1", tags=["rentals"], route_class=GuardedRoute)

_RENTALS = "/api/v1/rentals"


@router.get(
    "/rentals",
    operation_id="list_rentals",
    dependencies=[customers(Scope.RENTALS_READ)],
    **paginated(RentalRead, RentalQuery),
)
async def list_rentals(
    rentals: RentalServiceDep, page: Annotated[PageRequest[RentalQuery], Depends(page_request(RentalQuery))]
) -> Response:
    """List rentals, by default in order of id. Customers see only their own."""
    return page.answer(await rentals.list(page.query, counted=page.counted), RentalRead)


@router.post(
    "/rentals",
    operation_id="create_rental",
    dependencies=[customers(Scope.RENTALS_WRITE)],
    status_code=201,
    response_model=RentalRead,
    responses=CREATED | responses(409, 413, 422, 503),
)
async def create_rental(request: Request, rentals: RentalServiceDep, command: RentalCreate, once: OnceDep) -> Response:
    """Rent an inventory item; 409 if it is rented out. Of concurrent requests for it, exactly one succeeds.

    A customer may have at most `MAX_OPEN_RENTALS` (20) open rentals: 409 beyond.
    Customers may rent only for themselves; only staff may set `rental_date` and `staff_id`.
    """
    return _created(request, await rentals.rent(command, once))


@router.get(
    "/rentals/{rental_id}",
    operation_id="get_rental",
    dependencies=[customers(Scope.RENTALS_READ)],
    response_model=RentalRead,
    responses=READ | responses(404, 422, 503),
)
async def get_rental(rentals: RentalServiceDep, rental_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """Return a rental."""
    return tagged_response(await rentals.get(rental_id), if_none_match=if_none_match)


@router.put(
    "/rentals/{rental_id}",
    operation_id="update_rental",
    dependencies=[customers(Scope.RENTALS_WRITE)],
    response_model=RentalRead,
    responses=TAGGED | responses(404, 409, 412, 413, 422, 503),
)
async def update_rental(rentals: RentalServiceDep, rental_id: Id, command: RentalUpdate, if_match: IfMatch) -> Response:
    """Correct the return date; null opens the rental again. Only for staff. To return an item, use `return`."""
    return tagged_response(await rentals.update(rental_id, command, if_match))


@router.delete(
    "/rentals/{rental_id}",
    operation_id="delete_rental",
    dependencies=[customers(Scope.RENTALS_WRITE)],
    status_code=204,
    responses=responses(404, 409, 412, 422, 503),
)
async def delete_rental(rentals: RentalServiceDep, rental_id: Id, if_match: IfMatch) -> None:
    """Delete a rental that was entered by mistake; 409 if it has payments. Only for staff."""
    await rentals.delete(rental_id, if_match)


@router.post(
    "/rentals/{rental_id}/return",
    operation_id="return_rental",
    dependencies=[customers(Scope.RENTALS_WRITE)],
    responses=responses(404, 409, 413, 422, 503),
)
async def return_rental(
    rentals: RentalServiceDep, rental_id: Id, once: OnceDep, command: ReturnCreate | None = None
) -> ReturnRead:
    """Return a rented item; a late fee is charged and booked as paid. A second return is 409.

    When customers return their own rentals, the fee stays on their balance. Only staff may set `return_date` and
    `staff_id`.
    """
    return await rentals.give_back(rental_id, command or ReturnCreate(), once)


@router.get(
    "/customers/{customer_id}/rentals",
    operation_id="list_customer_rentals",
    dependencies=[own_customer(Scope.RENTALS_READ)],
    **paginated(RentalRead, CustomerRentalQuery, 404),
)
async def list_customer_rentals(
    rentals: RentalServiceDep,
    customer_id: Id,
    page: Annotated[PageRequest[CustomerRentalQuery], Depends(page_request(CustomerRentalQuery))],
) -> Response:
    """List a customer's rentals; by default in order of id."""
    found = await rentals.list_of_customer(customer_id, page.query, counted=page.counted)
    return page.answer(found, RentalRead)


@router.post(
    "/customers/{customer_id}/rentals",
    operation_id="create_customer_rental",
    dependencies=[own_customer(Scope.RENTALS_WRITE)],
    status_code=201,
    response_model=RentalRead,
    responses=CREATED | responses(404, 409, 413, 422, 503),
)
async def create_customer_rental(
    request: Request, rentals: RentalServiceDep, customer_id: Id, command: CustomerRentalCreate, once: OnceDep
) -> Response:
    """Rent an inventory item to this customer. Only staff may set `rental_date` and `staff_id`."""
    return _created(request, await rentals.rent_to(customer_id, command, once))


def _created(request: Request, rental: RentalRead) -> Response:
    return tagged_response(rental, status=201, location=below_root(request.scope, f"{_RENTALS}/{rental.id}"))
