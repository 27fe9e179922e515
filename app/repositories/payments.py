"""Payments, and customers' balances."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Customer, Film, Inventory, Payment, Rental, Staff
from app.models.late_fees import is_lost, late_fee
from app.models.types import UtcDateTime
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Time
from app.repositories.rows import columns_of, first, one
from app.schemas.payments import PaymentQuery, PaymentRead

# Outer joins: Pagila's last partition has no foreign keys, and payments without a rental count, too.
_PAYMENTS = (
    sa.select(*columns_of(PaymentRead, Payment, id=col(Payment.payment_id), film_title=col(Film.title)))
    .select_from(Payment)
    .outerjoin(Rental, col(Rental.rental_id) == col(Payment.rental_id))
    .outerjoin(Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .outerjoin(Film, col(Film.film_id) == col(Inventory.film_id))
)

PAYMENTS = PaginatedSelect(
    PaymentRead,
    _PAYMENTS,
    sorts={
        "id": SortKey(col(Payment.payment_id), Int),
        "payment_date": SortKey(col(Payment.payment_date), Time),
    },
    filters={"customer_id": col(Payment.customer_id) == sa.bindparam("customer_id")},
    queries=(PaymentQuery,),
)

# With the time, which tells Postgres the partition.
_ONE = _PAYMENTS.where(
    col(Payment.payment_id) == sa.bindparam("id_"), col(Payment.payment_date) == sa.bindparam("payment_date")
)
_INSERT = sa.insert(Payment).returning(col(Payment.payment_id))
_FOR_RENTAL = (
    sa.select(
        col(Rental.rental_id),
        sa.exists().where(col(Staff.staff_id) == sa.bindparam("staff_id")).label("has_staff"),
    )
    .where(col(Rental.rental_id) == sa.bindparam("rental_id"), col(Rental.customer_id) == sa.bindparam("customer_id"))
    .with_for_update(read=True, key_share=True, of=Rental)
)

_NOTHING = Decimal("0.00")
_NOW = sa.bindparam("now", type_=UtcDateTime)
_OWED = (
    sa.select(
        sa.func.sum(col(Film.rental_rate)).label("rental_fees"),
        sa.func.sum(late_fee(_NOW)).label("late_fees"),
        sa.func.sum(sa.case((is_lost(_NOW), col(Film.replacement_cost)))).label("replacement_costs"),
    )
    .select_from(Rental)
    .join(Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .join(Film, col(Film.film_id) == col(Inventory.film_id))
    .where(col(Rental.customer_id) == sa.bindparam("customer_id"))
    .subquery()
)
_PAID = (
    sa.select(sa.func.sum(col(Payment.amount)).label("payments"))
    .where(col(Payment.customer_id) == sa.bindparam("customer_id"))
    .subquery()
)
_BALANCE = (
    sa.select(_OWED, _PAID)
    .select_from(Customer)
    .join(_OWED, sa.true())
    .join(_PAID, sa.true())
    .where(col(Customer.customer_id) == sa.bindparam("customer_id"))
)


class Balance(NamedTuple):
    """A customer's sums in dollars; `balance` is all fees and costs less all payments."""

    rental_fees: Decimal
    late_fees: Decimal
    replacement_costs: Decimal
    payments: Decimal
    balance: Decimal


class _Sums(NamedTuple):
    """Sums in dollars; None if there are no rentals or no payments."""

    rental_fees: Decimal | None
    late_fees: Decimal | None
    replacement_costs: Decimal | None
    payments: Decimal | None


class RentalToPay(NamedTuple):
    """A rental of the customer."""

    rental_id: int
    has_staff: bool
    """Whether the staff member of the payment exists."""


class PaymentRepository:
    """Reads and writes payments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, payment_id: int, payment_date: datetime) -> PaymentRead:
        """Return a payment that exists."""
        return await one(self._connection, _ONE, PaymentRead, id_=payment_id, payment_date=payment_date)

    async def lock_rental(self, *, customer_id: int, rental_id: int, staff_id: int) -> RentalToPay | None:
        """Return the customer's rental, locked against deletion until this transaction ends; or None."""
        values = {"customer_id": customer_id, "rental_id": rental_id, "staff_id": staff_id}
        return await first(self._connection, _FOR_RENTAL, RentalToPay, **values)

    async def add(self, *amounts: Decimal, **values: object) -> list[int]:
        """Add payments of these amounts; return their ids."""
        return list(await self._connection.scalars(_INSERT, [{"amount": amount, **values} for amount in amounts]))

    async def balance(self, customer_id: int, now: datetime) -> Balance | None:
        """Return what the customer owes at `now`, or None for an unknown customer."""
        sums = await first(self._connection, _BALANCE, _Sums, customer_id=customer_id, now=now)
        if sums is None:
            return None
        fees = sums.rental_fees or _NOTHING
        late_fees = sums.late_fees or _NOTHING
        costs = sums.replacement_costs or _NOTHING
        payments = sums.payments or _NOTHING
        return Balance(fees, late_fees, costs, payments, balance=fees + late_fees + costs - payments)
