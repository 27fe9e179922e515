"""Stores and their staff."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped, reference


class Store(Stamped, table=True):
    """A store. An employee manages at most one."""

    __tablename__ = "store"
    __table_args__ = (sa.Index("idx_unq_manager_staff_id", "manager_staff_id", unique=True),)

    store_id: int | None = Field(default=None, primary_key=True)
    manager_staff_id: int = Field()
    address_id: int = reference("address.address_id")


class Staff(Stamped, table=True):
    """An employee. Ids start at 0 in Pagila. `password` is an old hash, which the service does not use."""

    __tablename__ = "staff"

    staff_id: int | None = Field(default=None, primary_key=True)
    first_name: str = Field(sa_type=sa.Text)
    last_name: str = Field(sa_type=sa.Text)
    address_id: int = reference("address.address_id")
    email: str | None = Field(default=None, sa_type=sa.Text)
    store_id: int = reference("store.store_id", actions=False)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    username: str = Field(sa_type=sa.Text)
    password: str | None = Field(default=None, sa_type=sa.Text)
    picture: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
