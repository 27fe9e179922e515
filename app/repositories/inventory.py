"""Discs, with the film they are of and whether they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Film, Inventory, Rental, Store
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, first
from app.repositories.stock import is_out

_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Inventory.inventory_id).label("id"),
    col(Inventory.film_id),
    col(Inventory.store_id),
    col(Inventory.last_update),
)
# As a column, `is_out` would make Postgres read every open rental for one page: EXISTS can be hashed, this cannot.
_OPEN_RENTAL = (
    sa.select(col(Rental.rental_id))
    .where(col(Rental.inventory_id) == col(Inventory.inventory_id), col(Rental.return_date).is_(None))
    .correlate(Inventory)
    .limit(1)
    .scalar_subquery()
)
_DISCS = sa.select(*_COLUMNS, col(Film.title).label("film_title"), _OPEN_RENTAL.is_(None).label("in_stock")).join(
    Film, col(Film.film_id) == col(Inventory.film_id)
)
_THIS = col(Inventory.inventory_id) == sa.bindparam("id_")

INVENTORY = PaginatedSelect(
    _DISCS,
    sorts={"id": SortKey(col(Inventory.inventory_id), Int)},
    filters={
        "film_id": col(Inventory.film_id) == sa.bindparam("film_id"),
        "store_id": col(Inventory.store_id) == sa.bindparam("store_id"),
    },
    flags={"in_stock": (~is_out(), is_out())},
)

_ONE = _DISCS.where(_THIS)
_LOCK = sa.select(col(Inventory.inventory_id)).where(_THIS).with_for_update()
_HAS_RENTALS = sa.select(sa.exists().where(col(Rental.inventory_id) == sa.bindparam("id_")))
_CHECK = sa.select(
    sa.select(col(Film.title))
    .where(col(Film.film_id) == sa.bindparam("film_id"))
    .scalar_subquery()
    .label("film_title"),
    sa.exists().where(col(Store.store_id) == sa.bindparam("store_id")).label("has_store"),
)
_ADD = sa.insert(Inventory).returning(*_COLUMNS)
_DELETE = sa.delete(Inventory).where(_THIS)


class InventoryRepository:
    """Reads and writes discs."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, inventory_id: int) -> Row | None:
        """The disc, or None."""
        return await first(self._connection, _ONE, id_=inventory_id)

    async def lock(self, inventory_id: int) -> bool:
        """Whether it exists; then it cannot be rented out before this transaction ends."""
        return await first(self._connection, _LOCK, id_=inventory_id) is not None

    async def has_rentals(self, inventory_id: int) -> bool:
        """Whether it was ever rented out."""
        return bool(await self._connection.scalar(_HAS_RENTALS, {"id_": inventory_id}))

    async def check(self, film_id: int, store_id: int) -> tuple[str | None, bool]:
        """The film's title, None for a film that does not exist, and whether the store does."""
        found = await first(self._connection, _CHECK, film_id=film_id, store_id=store_id) or {}
        return found.get("film_title"), bool(found.get("has_store"))

    async def add(self, film_id: int, store_id: int, copies: int) -> Sequence[Row]:
        """So many new discs, by id: without what other tables tell of them."""
        added = await self._connection.execute(_ADD, [{"film_id": film_id, "store_id": store_id}] * copies)
        return sorted((dict(row) for row in added.mappings()), key=lambda row: row["id"])

    async def delete(self, inventory_id: int) -> None:
        """Remove it."""
        await self._connection.execute(_DELETE, {"id_": inventory_id})
