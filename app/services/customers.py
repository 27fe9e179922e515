"""Customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import Conflict, CustomerNotFound, Forbidden, InvalidReference
from app.repositories.customers import CUSTOMERS, CustomerRepository
from app.repositories.pagination import PaginatedSelect
from app.schemas.customers import CustomerCreate, CustomerQuery, CustomerRead, CustomerUpdate
from app.schemas.etags import EntityTags
from app.schemas.pagination import PageQuery
from app.services.pagination import Page, page

T = TypeVar("T", bound=BaseModel)

_OWN_FIELDS = {"first_name", "last_name", "email", "address_id"}
"""Fields that customers may send about themselves; address_id only unchanged."""


class CustomerService:
    """Customers, for one request."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self._database = database
        self._caller = caller

    async def get(self, customer_id: int) -> CustomerRead:
        """Return the customer; raises CustomerNotFound."""
        async with self._database.reading() as connection:
            return _read(customer_id, await CustomerRepository(connection).find(customer_id))

    async def list(self, query: CustomerQuery, *, counted: bool = False) -> Page[CustomerRead]:
        """Return a page of customers."""
        return await page(self._database, CUSTOMERS, query, counted=counted)

    async def create(self, command: CustomerCreate) -> CustomerRead:
        """Add a customer, created today (UTC); raises InvalidReference."""

        async def work(connection: AsyncConnection) -> CustomerRead:
            customers = CustomerRepository(connection)
            values = command.model_dump()
            await _require_references(customers, values)
            customer_id = await customers.add(**values, create_date=datetime.now(timezone.utc).date())
            return _read(customer_id, await customers.find(customer_id))

        return await self._database.transaction(work)

    async def update(self, customer_id: int, command: CustomerUpdate, if_match: EntityTags) -> CustomerRead:
        """Change the given fields; raises CustomerNotFound, PreconditionFailed, InvalidReference, Forbidden.

        Raises Conflict when a customer sends the e-mail address of another customer.
        """
        if not self._caller.is_staff and not _OWN_FIELDS.issuperset(command.set_fields):
            raise Forbidden(
                "Customers may change only their first_name, last_name and email; ask staff to change the rest."
            )

        async def work(connection: AsyncConnection) -> CustomerRead:
            customers = CustomerRepository(connection)
            current = await lock_customer(connection, customer_id)
            if_match.require(current)
            if not command.set_fields:
                return current
            await _require_references(customers, current.model_dump() | command.set_fields)
            if not self._caller.is_staff:
                await _require_own(customers, current, command.set_fields)
            await customers.update(customer_id, **command.set_fields)
            return _read(customer_id, await customers.find(customer_id))

        return await self._database.transaction(work)

    async def deactivate(self, customer_id: int) -> CustomerRead:
        """Deactivate the customer, if active; raises CustomerNotFound."""

        async def work(connection: AsyncConnection) -> CustomerRead:
            customers = CustomerRepository(connection)
            current = await lock_customer(connection, customer_id)
            if not current.active:
                return current
            await customers.update(customer_id, active=False)
            return _read(customer_id, await customers.find(customer_id))

        return await self._database.transaction(work)


async def lock_customer(connection: AsyncConnection, customer_id: int) -> CustomerRead:
    """Return the customer, locked until this transaction ends; raises CustomerNotFound."""
    return _read(customer_id, await CustomerRepository(connection).lock(customer_id))


async def page_of_customer(
    database: Database, customer_id: int, source: PaginatedSelect[T], query: PageQuery, *, counted: bool
) -> Page[T]:
    """Return a page of the customer's records; raises CustomerNotFound.

    A record proves that its customer exists: only an empty page needs another query.
    """
    found = await page(database, source, query, counted=counted, within={"customer_id": customer_id})
    if not found.items:
        async with database.reading() as connection:
            if not await CustomerRepository(connection).exists(customer_id):
                raise CustomerNotFound(customer_id)
    return found


async def _require_references(customers: CustomerRepository, values: Mapping[str, int]) -> None:
    for field in await customers.missing(store_id=values["store_id"], address_id=values["address_id"]):
        raise InvalidReference(field, values[field])


async def _require_own(customers: CustomerRepository, current: CustomerRead, given: Mapping[str, Any]) -> None:
    """Refuse an address record or e-mail address that is not the customer's; staff may share them between customers."""
    address_id = given.get("address_id", current.address_id)
    if address_id != current.address_id:
        # The same error as for an unknown id, so that customers cannot find out which exist.
        raise InvalidReference("address_id", address_id)
    email = given.get("email")
    if email is None or email.lower() == (current.email or "").lower():
        return
    await customers.lock_email(email)
    if await customers.email_is_taken(email, current.id):
        raise Conflict("Another customer already has this e-mail address.")


def _read(customer_id: int, customer: CustomerRead | None) -> CustomerRead:
    if customer is None:
        raise CustomerNotFound(customer_id)
    return customer
