"""/api/v1/customers"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import GuardedRoute, own_customer, staff
from app.api.deps import CustomerServiceDep, Id
from app.api.etags import CREATED, READ, TAGGED, IfMatch, IfNoneMatch, location_of, tagged_response
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.customers import CustomerCreate, CustomerQuery, CustomerRead, CustomerUpdate

router = APIRouter(prefix="/api/v1/customers", tags=["customers"], route_class=GuardedRoute)

_CHANGES: dict[str, Any] = {
    "dependencies": [own_customer(Scope.CUSTOMERS_WRITE)],
    "response_model": CustomerRead,
    "responses": TAGGED | responses(404, 409, 412, 413, 422, 503),
}
"""Route options of PUT and PATCH, which do the same."""


@router.get(
    "",
    operation_id="list_customers",
    dependencies=[staff(Scope.CUSTOMERS_READ)],
    **paginated(CustomerRead, CustomerQuery),
)
async def list_customers(
    customers: CustomerServiceDep, page: Annotated[PageRequest[CustomerQuery], Depends(page_request(CustomerQuery))]
) -> Response:
    """List customers; by default in order of id."""
    return page.answer(await customers.list(page.query, counted=page.counted), CustomerRead)


@router.post(
    "",
    operation_id="create_customer",
    dependencies=[staff(Scope.CUSTOMERS_WRITE)],
    status_code=201,
    response_model=CustomerRead,
    responses=CREATED | responses(413, 422, 503),
)
async def create_customer(request: Request, customers: CustomerServiceDep, command: CustomerCreate) -> Response:
    """Add a customer; `create_date` is today."""
    created = await customers.create(command)
    return tagged_response(created, status=201, location=location_of(request, created.id))


@router.get(
    "/{customer_id}",
    operation_id="get_customer",
    dependencies=[own_customer(Scope.CUSTOMERS_READ)],
    response_model=CustomerRead,
    responses=READ | responses(404, 422, 503),
)
async def get_customer(customers: CustomerServiceDep, customer_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """Return a customer."""
    return tagged_response(await customers.get(customer_id), if_none_match=if_none_match)


@router.put("/{customer_id}", operation_id="replace_customer", **_CHANGES)
@router.patch("/{customer_id}", operation_id="update_customer", **_CHANGES)
async def update_customer(
    customers: CustomerServiceDep, customer_id: Id, command: CustomerUpdate, if_match: IfMatch
) -> Response:
    """Change the given fields; with `If-Match`, only if the customer has not changed since.

    Customers may change their own name and e-mail address; 409 if another customer has the e-mail address. Only staff
    may change the other fields.
    """
    return tagged_response(await customers.update(customer_id, command, if_match))


@router.post(
    "/{customer_id}/deactivate",
    operation_id="deactivate_customer",
    dependencies=[own_customer(Scope.CUSTOMERS_WRITE)],
    response_model=CustomerRead,
    responses=TAGGED | responses(404, 422, 503),
)
async def deactivate_customer(customers: CustomerServiceDep, customer_id: Id) -> Response:
    """Deactivate a customer, who cannot rent from then on. Repeating it changes nothing."""
    return tagged_response(await customers.deactivate(customer_id))
