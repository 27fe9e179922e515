"""Discs and whether they are in: an inventory item is in stock while no rental of it is open."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import col

from app.models import Film, Inventory, Rental


def is_out() -> sa.ColumnElement[bool]:
    """The enclosing query's disc has an open rental."""
    return (
        sa.select(1)
        .where(col(Rental.inventory_id) == col(Inventory.inventory_id), col(Rental.return_date).is_(None))
        .correlate(Inventory)
        .exists()
    )


def copies(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """How many discs of the enclosing query's film fit."""
    return (
        sa.select(sa.func.count())
        .select_from(Inventory)
        .where(col(Inventory.film_id) == col(Film.film_id), *conditions)
        .correlate(Film)
        .scalar_subquery()
    )


def is_in_stock() -> sa.ColumnElement[bool]:
    """The enclosing query's film has a disc that is in."""
    return (
        sa.select(1)
        .select_from(Inventory)
        .where(col(Inventory.film_id) == col(Film.film_id), ~is_out())
        .correlate(Film)
        .exists()
    )
