"""Payments and balances."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import CustomerNotFound, InvalidReference
from app.repositories.customers import CustomerRepository
from app.repositories.payments import PAYMENTS, PaymentRepository
from app.schemas.payments import BalanceRead, PaymentCreate, PaymentQuery, PaymentRead
from app.services.customers import page_of_customer
from app.services.idempotency import Once
from app.services.pagination import Page
from app.services.staff import required_staff_id


class PaymentService:
    """Payments, for one request."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller

    async def list(self, customer_id: int, query: PaymentQuery, *, counted: bool = False) -> Page[PaymentRead]:
        """Return a page of the customer's payments; raises CustomerNotFound."""
        return await page_of_customer(self._database, customer_id, PAYMENTS, query, counted=counted)

    async def pay(self, customer_id: int, command: PaymentCreate, once: Once) -> PaymentRead:
        """Record money received now; raises CustomerNotFound, InvalidReference for another customer's rental.

        Raises InvalidInput when the payment names no staff member, or one other than the caller.
        """
        staff_id = required_staff_id(self._caller, command.staff_id)

        async def work(connection: AsyncConnection) -> PaymentRead:
            pay = partial(_pay, connection, customer_id, command, staff_id)
            return await once.act(connection, command, PaymentRead, pay)

        paid = await self._database.transaction(work)
        if once.acted:
            audit("payment_recorded", payment_id=paid.id, customer_id=customer_id, rental_id=paid.rental_id)
        return paid

    async def balance(self, customer_id: int) -> BalanceRead:
        """Return what the customer owes now; raises CustomerNotFound."""
        now = datetime.now(timezone.utc)
        async with self._database.reading() as connection:
            sums = await PaymentRepository(connection).balance(customer_id, now)
        if sums is None:
            raise CustomerNotFound(customer_id)
        return BalanceRead(customer_id=customer_id, as_of=now, **sums._asdict())


async def _pay(connection: AsyncConnection, customer_id: int, command: PaymentCreate, staff_id: int) -> PaymentRead:
    if not await CustomerRepository(connection).exists(customer_id):
        raise CustomerNotFound(customer_id)
    payments = PaymentRepository(connection)
    rental = await payments.lock_rental(customer_id=customer_id, rental_id=command.rental_id, staff_id=staff_id)
    if rental is None:
        raise InvalidReference("rental_id", command.rental_id)
    if not rental.has_staff:
        raise InvalidReference("staff_id", staff_id)
    now = datetime.now(timezone.utc)
    (payment_id,) = await payments.add(
        command.amount, rental_id=command.rental_id, staff_id=staff_id, customer_id=customer_id, payment_date=now
    )
    return await payments.get(payment_id, now)
