"""Rentals."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped, reference
from app.models.types import UtcDateTime

_OPEN = sa.text("return_date IS NULL")


class Rental(Stamped, table=True):
    """A disc is with a customer from `rental_date`; open until `return_date` is set.

    The database itself refuses a second open rental of one disc.
    """

    __tablename__ = "rental"
    __table_args__ = (
        sa.Index(
            "idx_unq_rental_rental_date_inventory_id_customer_id",
            "rental_date",
            "inventory_id",
            "customer_id",
            unique=True,
        ),
        sa.Index("idx_fk_inventory_id", "inventory_id"),
        sa.Index(
            "idx_unq_rental_open_inventory_id",
            "inventory_id",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        sa.Index("idx_rental_open_rental_id", "rental_id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.Index("idx_rental_open_rental_date", "rental_date", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.Index("idx_rental_customer_id_rental_date", "customer_id", "rental_date"),
    )

    rental_id: int | None = Field(default=None, primary_key=True)
    rental_date: datetime = Field(sa_type=UtcDateTime)
    inventory_id: int = reference("inventory.inventory_id")
    customer_id: int = reference("customer.customer_id")
    return_date: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff_id: int = reference("staff.staff_id")
