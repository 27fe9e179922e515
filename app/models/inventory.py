"""Discs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped, reference


class Inventory(Stamped, table=True):
    """One disc of a film in a store. In stock means: no open rental of it."""

    __tablename__ = "inventory"
    __table_args__ = (
        sa.Index("idx_store_id_film_id", "store_id", "film_id"),
        sa.Index("idx_inventory_film_id", "film_id"),
    )

    inventory_id: int | None = Field(default=None, primary_key=True)
    film_id: int = reference("film.film_id")
    store_id: int = reference("store.store_id")
