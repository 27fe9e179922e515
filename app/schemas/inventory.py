"""Requests and responses about inventory items."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.models.fields import between
from app.models.inventory import InventoryFields
from app.schemas.base import MAX_ID, WHOLE, Command, Identified, UtcTime
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by

Copies = Annotated[int, between(1, 100), WHOLE]


@read_model
class InventoryRead(InventoryFields, Identified):
    """An inventory item: one disc of a film in a store. It is in stock unless it is rented out."""

    film_title: str
    in_stock: bool
    last_update: UtcTime


class InventoryQuery(PageQuery):
    """Filters of the inventory list; all given filters must match."""

    sort: str | None = sort_by("id")
    film_id: int | None = Field(None, ge=1, le=MAX_ID, description="Inventory items of this film.")
    store_id: int | None = Field(None, ge=1, le=MAX_ID, description="Inventory items of this store.")
    in_stock: bool | None = Field(None, description="Whether the item is in stock; false if it is rented out.")


class InventoryCreate(InventoryFields, Command):
    """New inventory items of a film in a store."""

    copies: Copies = Field(1, description="Number of inventory items to add.")
