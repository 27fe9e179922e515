"""/api/v1/customers/{customer_id}: payments and balance"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.authorization import GuardedRoute, own_customer, staff_for_customer
from app.api.deps import Id, PaymentServiceDep
from app.api.idempotency import OnceDep
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.payments import BalanceRead, PaymentCreate, PaymentQuery, PaymentRead

router = APIRouter(prefix="/api/v1/customers/{customer_id}", tags=["payments"], route_class=GuardedRoute)


@router.get(
    "/payments",
    operation_id="list_customer_payments",
    dependencies=[own_customer(Scope.CUSTOMERS_READ)],
    **paginated(PaymentRead, PaymentQuery, 404),
)
async def list_customer_payments(
    payments: PaymentServiceDep,
    customer_id: Id,
    page: Annotated[PageRequest[PaymentQuery], Depends(page_request(PaymentQuery))],
) -> Response:
    """List a customer's payments; by default in order of id."""
    return page.answer(await payments.list(customer_id, page.query, counted=page.counted), PaymentRead)


@router.post(
    "/payments",
    operation_id="create_customer_payment",
    dependencies=[staff_for_customer(Scope.CUSTOMERS_WRITE)],
    status_code=201,
    responses=responses(404, 413, 422, 503),
)
async def create_customer_payment(
    payments: PaymentServiceDep, customer_id: Id, command: PaymentCreate, once: OnceDep
) -> PaymentRead:
    """Record a payment for one of the customer's rentals. Only for staff.

    The payment appears in the customer's list; it has no URL of its own.
    """
    return await payments.pay(customer_id, command, once)


@router.get(
    "/balance",
    operation_id="get_customer_balance",
    dependencies=[own_customer(Scope.CUSTOMERS_READ)],
    responses=responses(404, 422, 503),
)
async def get_customer_balance(payments: PaymentServiceDep, customer_id: Id) -> BalanceRead:
    """Return what a customer owes now: rental fees, late fees and replacement costs, less payments."""
    return await payments.balance(customer_id)
