"""Inventory items."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped, reference
from app.models.fields import Id


class InventoryFields(BaseModel):
    """An inventory item's own fields."""

    film_id: Id = reference("film.film_id", examples=[1])
    store_id: Id = reference("store.store_id", examples=[1])


class Inventory(InventoryFields, Stamped, table=True):
    """One disc of a film in a store; in stock unless it has an open rental."""

    __tablename__ = "inventory"
    __table_args__ = (
        sa.Index("idx_store_id_film_id", "store_id", "film_id"),
        sa.Index("idx_inventory_film_id", "film_id"),
    )

    inventory_id: int | None = Field(default=None, primary_key=True)
