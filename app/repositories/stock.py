"""Stock: an inventory item is in stock unless it has an open rental."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col

from app.models import Film, Inventory, Rental
from app.models.late_fees import due_date
from app.repositories.rows import require_columns


def is_out() -> sa.ColumnElement[bool]:
    """Match enclosing inventory items that have an open rental."""
    return (
        sa.select(1)
        .where(col(Rental.inventory_id) == col(Inventory.inventory_id), col(Rental.return_date).is_(None))
        .correlate(Inventory)
        .exists()
    )


def copies(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Count the inventory items of the enclosing query's film that meet the conditions."""
    return (
        sa.select(sa.func.count())
        .select_from(Inventory)
        .where(col(Inventory.film_id) == col(Film.film_id), *conditions)
        .correlate(Film)
        .scalar_subquery()
    )


def is_in_stock() -> sa.ColumnElement[bool]:
    """Match enclosing films that have an inventory item in stock."""
    return (
        sa.select(1)
        .select_from(Inventory)
        .where(col(Inventory.film_id) == col(Film.film_id), ~is_out())
        .correlate(Film)
        .exists()
    )


class StoreStockRow(NamedTuple):
    """A row of STOCK_BY_STORE."""

    film_id: int
    store_id: int | None
    copies: int
    in_stock: int
    earliest_due_date: datetime | None


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
"""The number of films' inventory items in each store, and when the first rented one is due.

A film without inventory items has one row, without a store; an unknown film has none. Items are counted, not rows: in
Pagila's newest release an item can have several open rentals.
"""

require_columns(StoreStockRow, STOCK_BY_STORE)
