"""Rentals."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped, reference
from app.models.fields import Id, Moment, StaffId
from app.models.types import UtcDateTime

_OPEN = sa.text("return_date IS NULL")


class RentalFields(BaseModel):
    """A rental's own fields."""

    rental_date: Moment = Field(sa_type=UtcDateTime)
    inventory_id: Id = reference("inventory.inventory_id")
    customer_id: Id = reference("customer.customer_id")
    staff_id: StaffId = reference("staff.staff_id")
    return_date: Moment | None = Field(default=None, sa_type=UtcDateTime)
    """Null while the rental is open."""


class Rental(RentalFields, Stamped, table=True):
    """A rental of an inventory item by a customer, open until `return_date` is set.

    A unique index allows one open rental of an item.
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
