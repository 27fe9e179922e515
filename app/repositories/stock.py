"""Discs and whether they are in: an inventory item is in stock while no rental of it is open."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import col

from app.models import Film, Inventory, Rental
from app.repositories.due import due_date


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


_DISCS = sa.func.count(sa.distinct(col(Inventory.inventory_id)))
STOCK_BY_STORE = (
    sa.select(
        col(Film.film_id),
        col(Inventory.store_id),
        _DISCS.label("copies"),
        (_DISCS - sa.func.count(sa.distinct(col(Rental.inventory_id)))).label("in_stock"),
        sa.func.min(due_date()).label("earliest_due_date"),
    )
    .select_from(Film)
    .outerjoin(Inventory, col(Inventory.film_id) == col(Film.film_id))
    .outerjoin(Rental, (col(Rental.inventory_id) == col(Inventory.inventory_id)) & col(Rental.return_date).is_(None))
    .where(col(Film.film_id).in_(sa.bindparam("film_ids", expanding=True)))
    .group_by(col(Film.film_id), col(Inventory.store_id))
    .order_by(col(Film.film_id), col(Inventory.store_id))
)
"""Films' discs in each store that has some, and when the first that is out is due; one row without a store for a film
without discs, none for no film. Discs are counted, not rows: in Pagila's newest release one can have several open
rentals.
"""
