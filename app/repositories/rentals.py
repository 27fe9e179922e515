"""Rentals, with their film and due date."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Film, Inventory, Payment, Rental, Staff, Store
from app.models.late_fees import back_by, days_late, due_date, is_lost, late_fee
from app.models.types import UtcDateTime
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Time
from app.repositories.rows import columns_of, first, one, require_columns
from app.schemas.rentals import CustomerRentalQuery, RentalQuery, RentalRead

_OPEN = col(Rental.return_date).is_(None)
_OVERDUE = back_by(sa.func.now()) > due_date()
_RENTALS = (
    sa.select(
        *columns_of(
            RentalRead,
            Rental,
            id=col(Rental.rental_id),
            film_id=col(Film.film_id),
            film_title=col(Film.title),
            due_date=due_date(),
            is_overdue=_OVERDUE,
        )
    )
    .join_from(Rental, Inventory, col(Inventory.inventory_id) == col(Rental.inventory_id))
    .join(Film, col(Film.film_id) == col(Inventory.film_id))
)
_THIS = col(Rental.rental_id) == sa.bindparam("id_")

RENTALS = PaginatedSelect(
    RentalRead,
    _RENTALS,
    sorts={
        "id": SortKey(col(Rental.rental_id), Int),
        "rental_date": SortKey(col(Rental.rental_date), Time),
    },
    filters={
        "customer_id": col(Rental.customer_id) == sa.bindparam("customer_id"),
        # Set by the service; `customer_id` is the client's choice.
        "owner_id": col(Rental.customer_id) == sa.bindparam("owner_id"),
        "inventory_id": col(Rental.inventory_id) == sa.bindparam("inventory_id"),
        "film_id": col(Inventory.film_id) == sa.bindparam("film_id"),
    },
    flags={"active_only": (_OPEN, None), "overdue": (_OVERDUE, ~_OVERDUE)},
    queries=(RentalQuery, CustomerRentalQuery),
)

_ONE = _RENTALS.where(_THIS)
_LOCKED = _ONE.with_for_update(of=Rental)
_UNTIL = sa.bindparam("until", type_=UtcDateTime)
_RETURNING = _LOCKED.add_columns(
    days_late(_UNTIL).label("days_late"),
    late_fee(_UNTIL).label("late_fee"),
    is_lost(_UNTIL).label("is_lost"),
    col(Film.replacement_cost),
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
# Pagila has no foreign key on managers: a missing one is replaced by other staff of the store, else by anyone.
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


class ReturnedRental(RentalRead):
    """A rental with what its return costs."""

    days_late: int
    late_fee: Decimal
    is_lost: bool
    replacement_cost: Decimal


class RentalCheck(NamedTuple):
    """The state that a new rental depends on; ids are None if they do not exist."""

    inventory_id: int | None
    staff_id: int | None
    out_until: datetime | None
    """The due date of the item's open rental; None if it is in stock."""
    open_rentals: int
    """Open rentals of the customer, exact only while the customer is locked."""


require_columns(ReturnedRental, _RETURNING)
require_columns(RentalCheck, _CHECK)


class RentalRepository:
    """Reads and writes rentals."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, rental_id: int) -> RentalRead | None:
        """Return the rental, or None."""
        return await first(self._connection, _ONE, RentalRead, id_=rental_id)

    async def lock(self, rental_id: int) -> RentalRead | None:
        """Return the rental, locked until this transaction ends; or None."""
        return await first(self._connection, _LOCKED, RentalRead, id_=rental_id)

    async def lock_for_return(self, rental_id: int, until: datetime) -> ReturnedRental | None:
        """Return the rental, locked until this transaction ends, with its costs if returned at `until`; or None."""
        return await first(self._connection, _RETURNING, ReturnedRental, id_=rental_id, until=until)

    async def manager_of(self, inventory_id: int) -> int | None:
        """Return the staff_id of the manager of the item's store; None for an unknown item or a store without staff."""
        staff_id: int | None = await self._connection.scalar(_MANAGER_OF, {"inventory_id": inventory_id})
        return staff_id

    async def check(self, *, inventory_id: int, customer_id: int, staff_id: int | None) -> RentalCheck:
        """Return the state that a new rental depends on."""
        values = {"inventory_id": inventory_id, "customer_id": customer_id, "staff_id": staff_id}
        return await one(self._connection, _CHECK, RentalCheck, **values)

    async def out_until(self, inventory_id: int) -> datetime | None:
        """Return when the item is due back; None if it is in stock."""
        due: datetime | None = await self._connection.scalar(_OUT_UNTIL, {"inventory_id": inventory_id})
        return due

    async def open_rentals_of(self, customer_id: int) -> int:
        """Return the number of the customer's open rentals."""
        return int(await self._connection.scalar(_OPEN_OF, {"customer_id": customer_id}) or 0)

    async def add(self, **values: object) -> int:
        """Add a rental; return its id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def close(self, rental_id: int, returned: datetime | None) -> None:
        """Set the return date; None opens the rental again."""
        await self._connection.execute(_CLOSE, {"id_": rental_id, "returned": returned})

    async def has_payments(self, rental_id: int) -> bool:
        """Return whether the rental has payments."""
        return bool(await self._connection.scalar(_IS_PAID, {"id_": rental_id}))

    async def has_staff(self, staff_id: int) -> bool:
        """Return whether the staff member exists."""
        return bool(await self._connection.scalar(_HAS_STAFF, {"staff_id": staff_id}))

    async def delete(self, rental_id: int) -> None:
        """Delete the rental."""
        await self._connection.execute(_DELETE, {"id_": rental_id})
