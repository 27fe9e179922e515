"""/api/v1/customers/{customer_id}/subscriptions"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.authorization import GuardedRoute, own_customer
from app.api.deps import Id, SubscriptionServiceDep
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.subscriptions import SubscriptionCreate, SubscriptionQuery, SubscriptionRead

router = APIRouter(
    prefix="/api/v1/customers/{customer_id}/subscriptions", tags=["subscriptions"], route_class=GuardedRoute
)


@router.get(
    "",
    operation_id="list_customer_subscriptions",
    dependencies=[own_customer(Scope.CUSTOMERS_READ)],
    **paginated(SubscriptionRead, SubscriptionQuery, 404),
)
async def list_customer_subscriptions(
    subscriptions: SubscriptionServiceDep,
    customer_id: Id,
    page: Annotated[PageRequest[SubscriptionQuery], Depends(page_request(SubscriptionQuery))],
) -> Response:
    """List a customer's streaming subscriptions, past and present; by default in order of id."""
    found = await subscriptions.list(customer_id, page.query, counted=page.counted)
    return page.answer(found, SubscriptionRead)


@router.post(
    "",
    operation_id="start_customer_subscription",
    dependencies=[own_customer(Scope.CUSTOMERS_WRITE)],
    status_code=201,
    responses=responses(404, 409, 413, 422, 503),
)
async def start_customer_subscription(
    subscriptions: SubscriptionServiceDep, customer_id: Id, command: SubscriptionCreate
) -> SubscriptionRead:
    """Start a streaming subscription; 409 if the customer is inactive or has an active subscription."""
    return await subscriptions.start(customer_id, command)


@router.post(
    "/{subscription_id}/cancel",
    operation_id="cancel_customer_subscription",
    dependencies=[own_customer(Scope.CUSTOMERS_WRITE)],
    responses=responses(404, 409, 422, 503),
)
async def cancel_customer_subscription(
    subscriptions: SubscriptionServiceDep, customer_id: Id, subscription_id: Id
) -> SubscriptionRead:
    """End a subscription today, or on its start date if that is later; 409 if it has ended."""
    return await subscriptions.cancel(customer_id, subscription_id)
