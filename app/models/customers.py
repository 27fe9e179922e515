"""Customers."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped, reference, stamp
from app.models.emails import Email
from app.models.fields import Id, Text


class CustomerFields(BaseModel):
    """A customer's own fields. The API's `active` is two columns of the table."""

    store_id: Id = reference("store.store_id")
    first_name: Text = Field(sa_type=sa.Text)
    last_name: Text = Field(sa_type=sa.Text)
    email: Email | None = Field(default=None, sa_type=sa.Text)
    address_id: Id = reference("address.address_id")


class Customer(CustomerFields, Stamped, table=True):
    """A customer; inactive if `activebool` is false or `active` is 0, as in Pagila's data."""

    __tablename__ = "customer"
    __table_args__ = (
        sa.Index("idx_fk_store_id", "store_id"),
        sa.Index("idx_fk_address_id", "address_id"),
        sa.Index("idx_last_name", "last_name"),
        sa.Index("idx_customer_first_name", "first_name"),
        sa.Index("idx_customer_create_date", "create_date"),
    )

    customer_id: int | None = Field(default=None, primary_key=True)
    activebool: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    create_date: date | None = Field(
        default=None,
        sa_type=sa.Date,
        nullable=False,
        sa_column_kwargs={"server_default": sa.func.current_date()},
    )
    active: int | None = Field(default=None)
    last_update: datetime | None = stamp(nullable=True)
