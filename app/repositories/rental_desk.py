"""Reads for the rental desk's tools: a customer's rentals with their late days, and the caller's store."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Customer, Film, Inventory, Rental, Staff
from app.models.late_fees import days_late, due_date, is_lost, late_fee
from app.models.types import UtcDateTime
from app.repositories.rows import every, require_columns
from app.repositories.sql import has_part

_NOW = sa.bindparam("now", type_=UtcDateTime)
_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Film.title),
    col(Rental.rental_date).label("rented"),
    due_date().label("due"),
    col(Rental.return_date).label("returned"),
    days_late(_NOW).label("days_late"),
    late_fee(_NOW).label("late_fee"),
    is_lost(_NOW).label("is_lost"),
    col(Film.replacement_cost),
    sa.func.count().over().label("total"),
)
_RENTALS = (
    sa.select(*_COLUMNS)
    .join_from(Rental, Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .join(Film, col(Film.film_id) == col(Inventory.film_id))
    .where(col(Rental.customer_id) == sa.bindparam("customer_id"))
    .limit(sa.bindparam("limit_", type_=sa.Integer))
)
_OPEN = _RENTALS.where(col(Rental.return_date).is_(None)).order_by(due_date(), col(Rental.rental_id))
_HISTORY = _RENTALS.order_by(col(Rental.rental_date).desc(), col(Rental.rental_id).desc())
_HISTORY_OF_TITLE = _HISTORY.where(has_part(col(Film.title), "title"))
_STORE_OF_CUSTOMER = sa.select(col(Customer.store_id)).where(col(Customer.customer_id) == sa.bindparam("id_"))
_STORE_OF_STAFF = sa.select(col(Staff.store_id)).where(col(Staff.staff_id) == sa.bindparam("id_"))


class DeskRental(NamedTuple):
    """A rental of the customer. `days_late` counts started days up to the return or, if it is open, up to `now`."""

    title: str
    rented: datetime
    due: datetime
    returned: datetime | None
    days_late: int
    late_fee: Decimal
    is_lost: bool
    replacement_cost: Decimal
    total: int
    """Rows without the limit."""


require_columns(DeskRental, _RENTALS)


class RentalDeskRepository:
    """Reads one customer's rentals."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_rentals(self, customer_id: int, now: datetime, *, limit: int) -> list[DeskRental]:
        """Return the customer's open rentals, the first due first."""
        return await every(self._connection, _OPEN, DeskRental, customer_id=customer_id, now=now, limit_=limit)

    async def history(self, customer_id: int, now: datetime, *, title: str, limit: int) -> list[DeskRental]:
        """Return all rentals of the customer, the newest first; with a `title`, of films with that in their title."""
        values = {"customer_id": customer_id, "now": now, "limit_": limit}
        if not title:
            return await every(self._connection, _HISTORY, DeskRental, **values)
        return await every(self._connection, _HISTORY_OF_TITLE, DeskRental, **values, title=title)

    async def store_of(self, *, customer_id: int | None = None, staff_id: int | None = None) -> int | None:
        """Return the store of this customer, else of this staff member, or None."""
        if customer_id is not None:
            return await self._connection.scalar(_STORE_OF_CUSTOMER, {"id_": customer_id})
        if staff_id is not None:
            return await self._connection.scalar(_STORE_OF_STAFF, {"id_": staff_id})
        return None
