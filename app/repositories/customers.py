"""Customers."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Address, Customer, Store, UserAccount
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, Str, first
from app.repositories.sql import has_part, lock_text

IS_ACTIVE = col(Customer.activebool) & (sa.func.coalesce(col(Customer.active), 1) != 0)
"""Pagila marks those who left with `active` 0 and leaves `activebool` as it was."""

_BLANK, _NOTHING = sa.literal_column("' '", sa.Text), sa.literal_column("''", sa.Text)
_SEARCHED = (
    col(Customer.first_name)
    + _BLANK
    + col(Customer.last_name)
    + _BLANK
    + sa.func.coalesce(col(Customer.email), _NOTHING)
)
"""What idx_customer_search_trgm is over: with parameters in it, Postgres would not know it again."""

_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Customer.customer_id).label("id"),
    col(Customer.store_id),
    col(Customer.first_name),
    col(Customer.last_name),
    col(Customer.email),
    col(Customer.address_id),
    IS_ACTIVE.label("active"),
    col(Customer.create_date),
    col(Customer.last_update),
)
_CUSTOMERS = sa.select(*_COLUMNS)
_THIS = col(Customer.customer_id) == sa.bindparam("id_")

CUSTOMERS = PaginatedSelect(
    _CUSTOMERS,
    sorts={
        "id": SortKey(col(Customer.customer_id), Int),
        "last_name": SortKey(col(Customer.last_name), Str),
        "first_name": SortKey(col(Customer.first_name), Str),
        "create_date": SortKey(col(Customer.create_date), date),
    },
    filters={
        "search": has_part(_SEARCHED, "search"),
        "store_id": col(Customer.store_id) == sa.bindparam("store_id"),
    },
    flags={"active": (IS_ACTIVE, ~IS_ACTIVE)},
)

_ONE = _CUSTOMERS.where(_THIS)
_LOCKED = _ONE.with_for_update(key_share=True)
"""FOR NO KEY UPDATE: nobody else changes the customer, while rentals and payments may still refer to it."""
_EXISTS = sa.select(sa.exists().where(_THIS))
_REFERENCES = sa.select(
    sa.exists().where(col(Store.store_id) == sa.bindparam("store_id")).label("store_id"),
    sa.exists().where(col(Address.address_id) == sa.bindparam("address_id")).label("address_id"),
)
_EMAIL = sa.func.lower(sa.bindparam("email_", type_=sa.Text))
_LOCK_EMAIL = sa.select(lock_text(_EMAIL))
_HAS_EMAIL = sa.select(
    sa.exists().where(
        col(Customer.customer_id) != sa.bindparam("id_"),
        # For Postgres to find it by idx_customer_search_trgm; then it must be all of the address.
        has_part(_SEARCHED, "part"),
        sa.func.trim(sa.func.lower(col(Customer.email))) == _EMAIL,
    )
    | sa.exists().where(
        col(UserAccount.email) == _EMAIL,
        col(UserAccount.customer_id).is_not(None),
        col(UserAccount.customer_id) != sa.bindparam("id_"),
    )
)
_INSERT = sa.insert(Customer).returning(col(Customer.customer_id))
_UPDATE = sa.update(Customer).where(_THIS)


class CustomerRepository:
    """Reads and writes customers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, customer_id: int) -> Row | None:
        """The customer, or None."""
        return await first(self._connection, _ONE, id_=customer_id)

    async def lock(self, customer_id: int) -> Row | None:
        """The customer, whom nobody else changes or locks before this transaction ends."""
        return await first(self._connection, _LOCKED, id_=customer_id)

    async def exists(self, customer_id: int) -> bool:
        """Whether there is a customer of this id."""
        return bool(await self._connection.scalar(_EXISTS, {"id_": customer_id}))

    async def missing(self, *, store_id: int, address_id: int) -> list[str]:
        """Which of these refer to nothing."""
        found = await first(self._connection, _REFERENCES, store_id=store_id, address_id=address_id)
        return [name for name, there in (found or {}).items() if not there]

    async def lock_email(self, email: str) -> None:
        """Let nobody else lock this address, in any case, before this transaction ends."""
        await self._connection.execute(_LOCK_EMAIL, {"email_": email})

    async def email_is_taken(self, email: str, customer_id: int) -> bool:
        """Whether another customer has this address, in any case, or signs in with it."""
        values = {"email_": email, "part": email, "id_": customer_id}
        return bool(await self._connection.scalar(_HAS_EMAIL, values))

    async def add(self, **values: object) -> int:
        """A new customer's id."""
        return int(await self._connection.scalar(_INSERT, _columns(values)) or 0)

    async def update(self, customer_id: int, **values: object) -> None:
        """Change these, which are some."""
        await self._connection.execute(_UPDATE, {"id_": customer_id, **_columns(values)})


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """Pagila keeps twice whether a customer is active."""
    if "active" not in values:
        return values
    return values | {"activebool": values["active"], "active": int(values["active"])}
