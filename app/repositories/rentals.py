"""Rentals, with the film they are of and when they are due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Film, Inventory, Payment, Rental, Staff, Store
from app.models.types import UtcDateTime
from app.repositories.due import back_by, days_late, due_date, is_lost
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, Time, first

_OPEN = col(Rental.return_date).is_(None)
_OVERDUE = back_by(sa.func.now()) > due_date()
_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Rental.rental_id).label("id"),
    col(Rental.rental_date),
    col(Rental.inventory_id),
    col(Rental.customer_id),
    col(Rental.staff_id),
    col(Rental.return_date),
    col(Film.film_id),
    col(Film.title).label("film_title"),
    due_date().label("due_date"),
    _OVERDUE.label("is_overdue"),
    col(Rental.last_update),
)
_RENTALS = (
    sa.select(*_COLUMNS)
    .join_from(Rental, Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .join(Film, col(Film.film_id) == col(Inventory.film_id))
)
_THIS = col(Rental.rental_id) == sa.bindparam("id_")

RENTALS = PaginatedSelect(
    _RENTALS,
    sorts={
        "id": SortKey(col(Rental.rental_id), Int),
        "rental_date": SortKey(col(Rental.rental_date), Time),
    },
    filters={
        "customer_id": col(Rental.customer_id) == sa.bindparam("customer_id"),
        # Beside the former, which is the client's to choose.
        "owner_id": col(Rental.customer_id) == sa.bindparam("owner_id"),
        "inventory_id": col(Rental.inventory_id) == sa.bindparam("inventory_id"),
        "film_id": col(Inventory.film_id) == sa.bindparam("film_id"),
    },
    flags={"active_only": (_OPEN, None), "overdue": (_OVERDUE, ~_OVERDUE)},
)

_ONE = _RENTALS.where(_THIS)
_LOCKED = _ONE.with_for_update(of=Rental)
_UNTIL = sa.bindparam("until", type_=UtcDateTime)
_RETURNING = _LOCKED.add_columns(
    days_late(_UNTIL).label("days_late"), is_lost(_UNTIL).label("is_lost"), col(Film.replacement_cost)
)
_OUT_UNTIL = (
    _RENTALS.with_only_columns(due_date(), maintain_column_froms=True)
    .where(col(Rental.inventory_id) == sa.bindparam("inventory_id"), _OPEN)
    .order_by(col(Rental.rental_date).desc())
    .limit(1)
)
_OPEN_OF = (
    sa.select(sa.func.count()).select_from(Rental).where(col(Rental.customer_id) == sa.bindparam("customer_id"), _OPEN)
)
_CHECK = sa.select(
    sa.select(col(Inventory.inventory_id))
    .where(col(Inventory.inventory_id) == sa.bindparam("inventory_id"))
    .scalar_subquery()
    .label("inventory_id"),
    sa.select(col(Staff.staff_id))
    .where(col(Staff.staff_id) == sa.bindparam("staff_id"))
    .scalar_subquery()
    .label("staff_id"),
    _OUT_UNTIL.scalar_subquery().label("out_until"),
    _OPEN_OF.scalar_subquery().label("open_rentals"),
)
_INSERT = sa.insert(Rental).returning(col(Rental.rental_id))
_CLOSE = sa.update(Rental).where(_THIS).values(return_date=sa.bindparam("returned", type_=UtcDateTime))
_HAS_STAFF = sa.select(sa.exists().where(col(Staff.staff_id) == sa.bindparam("staff_id")))
# Of Pagila's stores, whose managers no foreign key keeps: where one is gone, whoever else works there or anywhere.
_MANAGER_OF = (
    sa.select(col(Staff.staff_id))
    .join_from(Inventory, Store, col(Store.store_id) == col(Inventory.store_id))
    .join(Staff, sa.true())
    .where(col(Inventory.inventory_id) == sa.bindparam("inventory_id"))
    .order_by(
        (col(Staff.staff_id) == col(Store.manager_staff_id)).desc(),
        (col(Staff.store_id) == col(Store.store_id)).desc(),
        col(Staff.staff_id),
    )
    .limit(1)
)
_DELETE = sa.delete(Rental).where(_THIS)
_IS_PAID = sa.select(sa.exists().where(col(Payment.rental_id) == sa.bindparam("id_")))


class RentalRepository:
    """Reads and writes rentals."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, rental_id: int) -> Row | None:
        """The rental, or None."""
        return await first(self._connection, _ONE, id_=rental_id)

    async def lock(self, rental_id: int) -> Row | None:
        """The rental, which nobody else changes before this transaction ends."""
        return await first(self._connection, _LOCKED, id_=rental_id)

    async def lock_for_return(self, rental_id: int, until: datetime) -> Row | None:
        """The same, with `days_late` and `is_lost` if it came back then, and the film's `replacement_cost`."""
        return await first(self._connection, _RETURNING, id_=rental_id, until=until)

    async def manager_of(self, inventory_id: int) -> int | None:
        """The staff_id of whoever manages the disc's store; None for no disc, and where nobody works."""
        staff_id: int | None = await self._connection.scalar(_MANAGER_OF, {"inventory_id": inventory_id})
        return staff_id

    async def check(self, *, inventory_id: int, customer_id: int, staff_id: int | None) -> Row:
        """Whether a rental may be: None for ids that do not exist, `out_until` if it is out.

        `open_rentals` are those of the customer, which hold only while the customer is locked.
        """
        found = await first(
            self._connection, _CHECK, inventory_id=inventory_id, customer_id=customer_id, staff_id=staff_id
        )
        return found or {}

    async def out_until(self, inventory_id: int) -> datetime | None:
        """When the disc is due back; None when it is in."""
        due: datetime | None = await self._connection.scalar(_OUT_UNTIL, {"inventory_id": inventory_id})
        return due

    async def open_rentals_of(self, customer_id: int) -> int:
        """How many discs the customer has out."""
        return int(await self._connection.scalar(_OPEN_OF, {"customer_id": customer_id}) or 0)

    async def add(self, **values: object) -> int:
        """A new rental's id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def close(self, rental_id: int, returned: datetime | None) -> None:
        """Set when the disc came back; None opens the rental again."""
        await self._connection.execute(_CLOSE, {"id_": rental_id, "returned": returned})

    async def has_payments(self, rental_id: int) -> bool:
        """Whether something was paid for it."""
        return bool(await self._connection.scalar(_IS_PAID, {"id_": rental_id}))

    async def has_staff(self, staff_id: int) -> bool:
        """Whether somebody works here under this id."""
        return bool(await self._connection.scalar(_HAS_STAFF, {"staff_id": staff_id}))

    async def delete(self, rental_id: int) -> None:
        """Remove it."""
        await self._connection.execute(_DELETE, {"id_": rental_id})
