"""Streaming subscriptions: a customer has at most one that is active."""

from __future__ import annotations

from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.engine import Database
from app.core.errors import Conflict, SubscriptionNotFound
from app.repositories.subscriptions import SUBSCRIPTIONS, SubscriptionRepository, today
from app.schemas.subscriptions import SubscriptionCreate, SubscriptionQuery, SubscriptionRead
from app.services.customers import lock_customer, page_of_customer
from app.services.pagination import Page


class SubscriptionService:
    """Subscriptions, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, customer_id: int, query: SubscriptionQuery, *, counted: bool = False
    ) -> Page[SubscriptionRead]:
        """Return a page of the customer's subscriptions; raises CustomerNotFound."""
        return await page_of_customer(self._database, customer_id, SUBSCRIPTIONS, query, counted=counted)

    async def start(self, customer_id: int, command: SubscriptionCreate) -> SubscriptionRead:
        """Start a plan; raises CustomerNotFound, Conflict for an inactive customer or one who has a plan.

        The customer is locked, so that of concurrent requests one succeeds.
        """

        return await self._database.transaction(partial(self.start_within, customer_id=customer_id, command=command))

    async def start_within(
        self, connection: AsyncConnection, customer_id: int, command: SubscriptionCreate
    ) -> SubscriptionRead:
        """Start a plan in this transaction; raises the errors of `start`."""
        customer = await lock_customer(connection, customer_id)
        if not customer.active:
            raise Conflict(f"Customer {customer_id} is not active.")
        subscriptions = SubscriptionRepository(connection)
        if running := await subscriptions.find_active(customer_id):
            raise Conflict(
                f"Customer {customer_id} has the plan {running.plan_name}: cancel it first.",
                subscription_id=running.id,
            )
        subscription_id = await subscriptions.add(
            customer_id=customer_id, plan_name=command.plan_name, start_date=command.start_date or today()
        )
        return _read(subscription_id, await subscriptions.find(customer_id, subscription_id))

    async def cancel(self, customer_id: int, subscription_id: int) -> SubscriptionRead:
        """End the plan today, or on the day it would have started.

        Raises CustomerNotFound, SubscriptionNotFound for another customer's, Conflict when it has ended.
        """

        return await self._database.transaction(
            partial(self.cancel_within, customer_id=customer_id, subscription_id=subscription_id)
        )

    async def cancel_within(
        self, connection: AsyncConnection, customer_id: int, subscription_id: int
    ) -> SubscriptionRead:
        """End the plan in this transaction; raises the errors of `cancel`."""
        await lock_customer(connection, customer_id)
        subscriptions = SubscriptionRepository(connection)
        subscription = _read(subscription_id, await subscriptions.find(customer_id, subscription_id))
        if not subscription.active:
            raise Conflict(f"Subscription {subscription_id} has ended.", end_date=subscription.end_date)
        await subscriptions.end(subscription_id, max(today(), subscription.start_date))
        return _read(subscription_id, await subscriptions.find(customer_id, subscription_id))


def _read(subscription_id: int, subscription: SubscriptionRead | None) -> SubscriptionRead:
    if subscription is None:
        raise SubscriptionNotFound(subscription_id)
    return subscription
