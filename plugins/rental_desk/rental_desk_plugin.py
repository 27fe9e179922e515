"""The rental desk's tools for a model: read-only, with results of bounded size and one connection for each call.

The caller for whom the plugin is created decides whose data the tools read. A customer's tools have no parameter for
the customer; tools with such a parameter exist only for staff.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any

from semantic_kernel.functions import kernel_function
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.auth.identity import Caller, Role, Scope
from app.core.database.engine import ReadConnectionFactory
from app.repositories.customers import CUSTOMERS, CustomerRepository
from app.repositories.film_search import FilmSearchRepository
from app.repositories.films import FilmRepository
from app.repositories.pagination import PageSelection, fetch
from app.repositories.payments import PaymentRepository
from app.repositories.rental_desk import DeskRental, RentalDeskRepository
from app.repositories.stock import StoreStockRow
from app.schemas.base import MAX_ID
from app.schemas.customers import CustomerRead
from plugins.results import MAX_TEXT, as_json, clean

MAX_RENTALS = 20
MAX_CUSTOMERS = 10
MAX_FILMS = 3
MAX_STORES = 10

_Title = Annotated[str, "The film's title or a part of it, as the person wrote it; misspellings are tolerated"]
_OnlyTitle = Annotated[str | None, "Only films with this in their title"]
_Limit = Annotated[int, "How many rentals at most, 1 to 20"]
_CustomerId = Annotated[int, "The customer's customer_id, as find_customer tells it"]


class Desk:
    """The tools for customers and staff: where a film is in stock, the caller's store first."""

    def __init__(self, read_connection: ReadConnectionFactory, caller: Caller) -> None:
        self._read_connection = read_connection
        self._caller = caller

    @kernel_function(name="film_near_me")
    async def film_near_me(self, title: _Title) -> str:
        """For customers and staff: where a film is in stock, the caller's own store first; when it is next due."""
        asked = clean(title)
        async with self._read_connection() as connection:
            films = FilmSearchRepository(connection)
            found = await films.match_title(asked, limit=MAX_FILMS)
            cards = await films.cards(found.ids)
            own = await self._own_store(connection)
            stock = await FilmRepository(connection).stock(*found.ids)
        shown = [
            {
                "title": _short(card.title),
                "release_year": card.release_year,
                "stores": _stores([row for row in stock if row.film_id == card.id], own),
            }
            for card in cards
        ]
        return as_json(
            {"query": asked, "match": found.match.value, "total": found.total, "own_store": own, "films": shown}
        )

    async def _own_store(self, connection: AsyncConnection) -> int | None:
        return await RentalDeskRepository(connection).store_of(
            customer_id=self._caller.customer_id, staff_id=self._caller.staff_id
        )


class CustomerDesk(Desk):
    """The tools for a customer, who is the caller: they read only that customer's data."""

    def __init__(self, read_connection: ReadConnectionFactory, caller: Caller, customer_id: int) -> None:
        super().__init__(read_connection, caller)
        self._customer_id = customer_id

    @kernel_function(name="my_open_rentals")
    async def my_open_rentals(self) -> str:
        """For customers: the discs that the person has out, when they are due and what lateness costs so far."""
        async with self._read_connection() as connection:
            return as_json(await _open_rentals(connection, self._customer_id))

    @kernel_function(name="my_rental_history")
    async def my_rental_history(self, title: _OnlyTitle = None, limit: _Limit = 10) -> str:
        """For customers: what the person has rented so far, the newest first."""
        async with self._read_connection() as connection:
            return as_json(await _history(connection, self._customer_id, title, limit))

    @kernel_function(name="my_balance")
    async def my_balance(self) -> str:
        """For customers: what the person owes, in dollars: all fees less all payments; and the discs late now."""
        async with self._read_connection() as connection:
            return as_json(await _balance(connection, self._customer_id) or _unknown(self._customer_id))


class StaffDesk(Desk):
    """The tools for staff: they read the data of any customer."""

    @kernel_function(name="find_customer")
    async def find_customer(
        self, name_email_or_id: Annotated[str, "A name or an e-mail or part of it, or an id"]
    ) -> str:
        """For staff: look up customers by name, e-mail or customer_id."""
        asked = clean(name_email_or_id)
        async with self._read_connection() as connection:
            found, more = await _customers(connection, asked)
        return as_json({"query": asked, "customers": [_customer(row) for row in found], "more": more})

    @kernel_function(name="customer_open_rentals")
    async def customer_open_rentals(self, customer_id: _CustomerId) -> str:
        """For staff: the discs that a customer has out, when they are due and what lateness costs so far."""
        async with self._read_connection() as connection:
            customer = await CustomerRepository(connection).find(_id(customer_id))
            if customer is None:
                return as_json(_unknown(customer_id))
            return as_json({**_named(customer), **await _open_rentals(connection, customer.id)})

    @kernel_function(name="customer_rental_history")
    async def customer_rental_history(
        self, customer_id: _CustomerId, title: _OnlyTitle = None, limit: _Limit = 10
    ) -> str:
        """For staff: what a customer has rented so far, the newest first."""
        async with self._read_connection() as connection:
            customer = await CustomerRepository(connection).find(_id(customer_id))
            if customer is None:
                return as_json(_unknown(customer_id))
            return as_json({**_named(customer), **await _history(connection, customer.id, title, limit)})

    @kernel_function(name="customer_balance")
    async def customer_balance(self, customer_id: _CustomerId) -> str:
        """For staff: what a customer owes, in dollars: all fees less all payments; and the discs late now."""
        async with self._read_connection() as connection:
            customer = await CustomerRepository(connection).find(_id(customer_id))
            balance = await _balance(connection, customer.id) if customer else None
            if customer is None or balance is None:
                return as_json(_unknown(customer_id))
            return as_json({**_named(customer), **balance})


def is_served(caller: Caller) -> bool:
    """Return whether the rental desk has tools for this caller."""
    if not (caller.has(Scope.RENTALS_READ) and caller.has(Scope.CUSTOMERS_READ)):
        return False
    return caller.is_staff or (caller.role is Role.CUSTOMER and caller.customer_id is not None)


def desk_for(caller: Caller, read_connection: ReadConnectionFactory) -> Desk | None:
    """Return the tools for this caller, or None if the rental desk does not serve the caller."""
    if is_served(caller) and caller.is_staff:
        return StaffDesk(read_connection, caller)
    if is_served(caller) and caller.customer_id is not None:
        return CustomerDesk(read_connection, caller, caller.customer_id)
    return None


async def _open_rentals(connection: AsyncConnection, customer_id: int) -> dict[str, Any]:
    rows = await RentalDeskRepository(connection).open_rentals(customer_id, _now(), limit=MAX_RENTALS)
    return {"total": _total(rows), "rentals": [_open(row) for row in rows]}


async def _history(connection: AsyncConnection, customer_id: int, title: str | None, limit: int) -> dict[str, Any]:
    wanted = min(max(limit, 1), MAX_RENTALS)
    desk = RentalDeskRepository(connection)
    rows = await desk.history(customer_id, _now(), title=clean(title or ""), limit=wanted)
    return {"total": _total(rows), "rentals": [_rented(row) for row in rows]}


async def _balance(connection: AsyncConnection, customer_id: int) -> dict[str, Any] | None:
    """Return a customer's balance, or None for an unknown id."""
    now = _now()
    sums = await PaymentRepository(connection).balance(customer_id, now)
    if sums is None:
        return None
    rows = await RentalDeskRepository(connection).open_rentals(customer_id, now, limit=MAX_RENTALS)
    return {**sums._asdict(), "late_now": [_open(row) for row in rows if row.days_late]}


async def _customers(connection: AsyncConnection, asked: str) -> tuple[Sequence[CustomerRead], bool]:
    """Return the matching customers, and whether there are more."""
    if asked.isdecimal():
        customer = await CustomerRepository(connection).find(_id(int(asked[:20])))
        return ([customer] if customer else []), False
    if not asked:
        return [], False
    order = (("last_name", False), ("first_name", False), ("id", False))
    found = await fetch(connection, CUSTOMERS, PageSelection(order, MAX_CUSTOMERS, filters={"search": asked}))
    return found.rows, found.more


def _stores(stock: Sequence[StoreStockRow], own: int | None) -> list[dict[str, Any]]:
    """Return the stores in order: the caller's own, stores with a disc, stores that expect one."""
    stores = sorted(
        (row for row in stock if row.copies),
        key=lambda row: (row.store_id != own, not row.in_stock, row.store_id),
    )
    return [
        {
            "store_id": row.store_id,
            "is_own": row.store_id == own,
            "copies": row.copies,
            "in_stock": row.in_stock,
            "next_due": None if row.in_stock else row.earliest_due_date,
        }
        for row in stores[:MAX_STORES]
    ]


def _open(row: DeskRental) -> dict[str, Any]:
    """Return an open rental. `lost_cost` is owed in addition once the disc counts as lost (app/models/late_fees.py)."""
    return {
        "title": _short(row.title),
        "rented": row.rented,
        "due": row.due,
        "overdue": row.days_late > 0,
        "days_late": row.days_late,
        "late_fee": row.late_fee,
        "lost_cost": row.replacement_cost if row.is_lost else None,
    }


def _rented(row: DeskRental) -> dict[str, Any]:
    return {
        "title": _short(row.title),
        "rented": row.rented,
        "due": row.due,
        "returned": row.returned,
        "days_late": row.days_late,
    }


def _named(customer: CustomerRead) -> dict[str, Any]:
    return {"customer_id": customer.id, "customer": _short(f"{customer.first_name} {customer.last_name}")}


def _customer(row: CustomerRead) -> dict[str, Any]:
    return {
        **_named(row),
        "email": _short(row.email or "") or None,
        "store_id": row.store_id,
        "active": row.active,
    }


def _unknown(customer_id: int) -> Mapping[str, Any]:
    return {"error": f"There is no customer with id {customer_id}."}


def _total(rows: Sequence[DeskRental]) -> int:
    return rows[0].total if rows else 0


def _id(number: int) -> int:
    """Return the number clamped to the column's range. No row has the id 0."""
    return min(max(number, 0), MAX_ID)


def _short(text: str) -> str:
    """Return the text, truncated: stored texts can be long."""
    return text[:MAX_TEXT]


def _now() -> datetime:
    return datetime.now(timezone.utc)
