"""Customers."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped, reference, stamp


class Customer(Stamped, table=True):
    """Someone who rents, unless inactive: `activebool` false or `active` 0, which Pagila's data uses."""

    __tablename__ = "customer"
    __table_args__ = (
        sa.Index("idx_fk_store_id", "store_id"),
        sa.Index("idx_fk_address_id", "address_id"),
        sa.Index("idx_last_name", "last_name"),
        sa.Index("idx_customer_first_name", "first_name"),
        sa.Index("idx_customer_create_date", "create_date"),
    )

    customer_id: int | None = Field(default=None, primary_key=True)
    store_id: int = reference("store.store_id")
    first_name: str = Field(sa_type=sa.Text)
    last_name: str = Field(sa_type=sa.Text)
    email: str | None = Field(default=None, sa_type=sa.Text)
    address_id: int = reference("address.address_id")
    activebool: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    create_date: date | None = Field(
        default=None,
        sa_type=sa.Date,
        nullable=False,
        sa_column_kwargs={"server_default": sa.func.current_date()},
    )
    active: int | None = Field(default=None)
    last_update: datetime | None = stamp(nullable=True)
