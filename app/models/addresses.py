"""Addresses of stores, staff and customers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped, reference


class Country(Stamped, table=True):
    """A country."""

    __tablename__ = "country"

    country_id: int | None = Field(default=None, primary_key=True)
    country: str = Field(sa_type=sa.Text)


class City(Stamped, table=True):
    """A city of a country."""

    __tablename__ = "city"
    __table_args__ = (sa.Index("idx_fk_country_id", "country_id"),)

    city_id: int | None = Field(default=None, primary_key=True)
    city: str = Field(sa_type=sa.Text)
    country_id: int = reference("country.country_id")


class Address(Stamped, table=True):
    """A postal address."""

    __tablename__ = "address"
    __table_args__ = (sa.Index("idx_fk_city_id", "city_id"),)

    address_id: int | None = Field(default=None, primary_key=True)
    address: str = Field(sa_type=sa.Text)
    address2: str | None = Field(default=None, sa_type=sa.Text)
    district: str = Field(sa_type=sa.Text)
    city_id: int = reference("city.city_id")
    postal_code: str | None = Field(default=None, sa_type=sa.Text)
    phone: str = Field(sa_type=sa.Text)
