"""Inventory items on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.base import MAX_ID, WHOLE, Command, Id, UtcTime
from app.schemas.pagination import PageQuery, sort_by

Copies = Annotated[int, Field(ge=1, le=100, strict=True), WHOLE]


class InventoryRead(BaseModel):
    """An inventory item: one disc of a film in a store. It is in stock unless it is rented out."""

    id: int
    film_id: int
    film_title: str
    store_id: int
    in_stock: bool
    last_update: UtcTime


class InventoryQuery(PageQuery):
    """Filters of the inventory list; all given filters must match."""

    sort: str | None = sort_by("id")
    film_id: int | None = Field(None, ge=1, le=MAX_ID, description="Inventory items of this film.")
    store_id: int | None = Field(None, ge=1, le=MAX_ID, description="Inventory items of this store.")
    in_stock: bool | None = Field(None, description="Whether the item is in stock; false if it is rented out.")


class InventoryCreate(Command):
    """New inventory items of a film in a store."""

    film_id: Id = Field(examples=[1])
    store_id: Id = Field(examples=[1])
    copies: Annotated[int, Field(ge=1, le=100, strict=True), WHOLE] = Field(
        1, description="Number of inventory items to add."
    )
