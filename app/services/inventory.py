"""Inventory items."""

from __future__ import annotations

import builtins

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.database.engine import Database
from app.core.errors import InUse, InvalidReference, InventoryNotFound
from app.repositories.inventory import INVENTORY, InventoryRepository
from app.schemas.inventory import InventoryCreate, InventoryQuery, InventoryRead
from app.services.pagination import Page, page


class InventoryService:
    """Inventory items, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, inventory_id: int) -> InventoryRead:
        """Return the item; raises InventoryNotFound."""
        async with self._database.reading() as connection:
            item = await InventoryRepository(connection).find(inventory_id)
        if item is None:
            raise InventoryNotFound(inventory_id)
        return item

    async def list(self, query: InventoryQuery, *, counted: bool = False) -> Page[InventoryRead]:
        """Return a page of items."""
        return await page(self._database, INVENTORY, query, counted=counted)

    async def add(self, command: InventoryCreate) -> builtins.list[InventoryRead]:
        """Add items, returned in order of id; raises InvalidReference for an unknown film or store."""

        async def work(connection: AsyncConnection) -> builtins.list[InventoryRead]:
            inventory = InventoryRepository(connection)
            title, has_store = await inventory.check(command.film_id, command.store_id)
            if title is None:
                raise InvalidReference("film_id", command.film_id)
            if not has_store:
                raise InvalidReference("store_id", command.store_id)
            return await inventory.add(command.film_id, command.store_id, command.copies, title)

        return await self._database.transaction(work)

    async def delete(self, inventory_id: int) -> None:
        """Delete the item; raises InventoryNotFound, InUse when it was ever rented out."""

        async def work(connection: AsyncConnection) -> None:
            inventory = InventoryRepository(connection)
            if not await inventory.lock(inventory_id):
                raise InventoryNotFound(inventory_id)
            if await inventory.has_rentals(inventory_id):
                raise InUse("rental")
            await inventory.delete(inventory_id)

        await self._database.transaction(work)
        audit("record_deleted", kind="inventory", id=inventory_id)
