"""Inventory items, with their film's title and whether they are in stock."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Film, Inventory, Rental, Store
from app.repositories.pagination import Int, PaginatedSelect, SortKey
from app.repositories.rows import columns_of, first, one
from app.repositories.stock import is_out
from app.schemas.inventory import InventoryQuery, InventoryRead

# Not `is_out`: as a column, Postgres would hash its EXISTS and read every open rental for one page.
_OPEN_RENTAL = (
    sa.select(col(Rental.rental_id))
    .where(col(Rental.inventory_id) == col(Inventory.inventory_id), col(Rental.return_date).is_(None))
    .correlate(Inventory)
    .limit(1)
    .scalar_subquery()
)
_ITEMS = sa.select(
    *columns_of(
        InventoryRead,
        Inventory,
        id=col(Inventory.inventory_id),
        film_title=col(Film.title),
        in_stock=_OPEN_RENTAL.is_(None),
    )
).join(Film, col(Film.film_id) == col(Inventory.film_id))
_THIS = col(Inventory.inventory_id) == sa.bindparam("id_")

INVENTORY = PaginatedSelect(
    InventoryRead,
    _ITEMS,
    sorts={"id": SortKey(col(Inventory.inventory_id), Int)},
    filters={
        "film_id": col(Inventory.film_id) == sa.bindparam("film_id"),
        "store_id": col(Inventory.store_id) == sa.bindparam("store_id"),
    },
    flags={"in_stock": (~is_out(), is_out())},
    queries=(InventoryQuery,),
)

_ONE = _ITEMS.where(_THIS)
_LOCK = sa.select(col(Inventory.inventory_id)).where(_THIS).with_for_update()
_HAS_RENTALS = sa.select(sa.exists().where(col(Rental.inventory_id) == sa.bindparam("id_")))
_CHECK = sa.select(
    sa.select(col(Film.title))
    .where(col(Film.film_id) == sa.bindparam("film_id"))
    .scalar_subquery()
    .label("film_title"),
    sa.exists().where(col(Store.store_id) == sa.bindparam("store_id")).label("has_store"),
)
_ADD = sa.insert(Inventory).returning(
    *columns_of(
        InventoryRead,
        Inventory,
        id=col(Inventory.inventory_id),
        film_title=sa.null(),
        in_stock=sa.true(),
    )
)
_DELETE = sa.delete(Inventory).where(_THIS)


class _References(NamedTuple):
    film_title: str | None
    has_store: bool


class InventoryRepository:
    """Reads and writes inventory items."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, inventory_id: int) -> InventoryRead | None:
        """Return the item, or None."""
        return await first(self._connection, _ONE, InventoryRead, id_=inventory_id)

    async def lock(self, inventory_id: int) -> bool:
        """Lock the item against new rentals until this transaction ends; return whether it exists."""
        return await self._connection.scalar(_LOCK, {"id_": inventory_id}) is not None

    async def has_rentals(self, inventory_id: int) -> bool:
        """Return whether the item was ever rented out."""
        return bool(await self._connection.scalar(_HAS_RENTALS, {"id_": inventory_id}))

    async def check(self, film_id: int, store_id: int) -> tuple[str | None, bool]:
        """Return the film's title, or None for an unknown film, and whether the store exists."""
        found = await one(self._connection, _CHECK, _References, film_id=film_id, store_id=store_id)
        return found.film_title, found.has_store

    async def add(self, film_id: int, store_id: int, copies: int, film_title: str) -> list[InventoryRead]:
        """Add items of the film with this title; return them in order of id."""
        added = await self._connection.execute(_ADD, [{"film_id": film_id, "store_id": store_id}] * copies)
        items = [InventoryRead(**{**row, "film_title": film_title}) for row in added.mappings()]
        return sorted(items, key=lambda item: item.id)

    async def delete(self, inventory_id: int) -> None:
        """Delete the item."""
        await self._connection.execute(_DELETE, {"id_": inventory_id})
