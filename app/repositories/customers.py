"""Customers."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Address, Customer, Store, UserAccount
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Str
from app.repositories.rows import columns_of, first, one
from app.repositories.sql import has_part, lock_text
from app.schemas.customers import CustomerQuery, CustomerRead

IS_ACTIVE = col(Customer.activebool) & (sa.func.coalesce(col(Customer.active), 1) != 0)
"""Pagila sets `active` to 0 for inactive customers and leaves `activebool` true."""

_SPACE, _EMPTY = sa.literal_column("' '", sa.Text), sa.literal_column("''", sa.Text)
_SEARCHED = (
    col(Customer.first_name) + _SPACE + col(Customer.last_name) + _SPACE + sa.func.coalesce(col(Customer.email), _EMPTY)
)
"""The expression of idx_customer_search_trgm: with parameters in it, Postgres would not use the index."""

_CUSTOMERS = sa.select(*columns_of(CustomerRead, Customer, id=col(Customer.customer_id), active=IS_ACTIVE))
_THIS = col(Customer.customer_id) == sa.bindparam("id_")

CUSTOMERS = PaginatedSelect(
    CustomerRead,
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
    queries=(CustomerQuery,),
)

_ONE = _CUSTOMERS.where(_THIS)
_LOCKED = _ONE.with_for_update(key_share=True)
"""FOR NO KEY UPDATE: the customer cannot be changed, but new rentals and payments may refer to it."""
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
        # Lets Postgres use idx_customer_search_trgm; the next condition compares the whole address.
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


class _References(NamedTuple):
    store_id: bool
    address_id: bool


class CustomerRepository:
    """Reads and writes customers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, customer_id: int) -> CustomerRead | None:
        """Return the customer, or None."""
        return await first(self._connection, _ONE, CustomerRead, id_=customer_id)

    async def lock(self, customer_id: int) -> CustomerRead | None:
        """Return the customer, locked until this transaction ends; or None."""
        return await first(self._connection, _LOCKED, CustomerRead, id_=customer_id)

    async def exists(self, customer_id: int) -> bool:
        """Return whether the customer exists."""
        return bool(await self._connection.scalar(_EXISTS, {"id_": customer_id}))

    async def missing(self, *, store_id: int, address_id: int) -> list[str]:
        """Return the names of the ids that do not exist."""
        found = await one(self._connection, _REFERENCES, _References, store_id=store_id, address_id=address_id)
        return [name for name, exists in found._asdict().items() if not exists]

    async def lock_email(self, email: str) -> None:
        """Lock this address, ignoring case, until this transaction ends."""
        await self._connection.execute(_LOCK_EMAIL, {"email_": email})

    async def email_is_taken(self, email: str, customer_id: int) -> bool:
        """Return whether another customer has this address, ignoring case, or signs in with it."""
        values = {"email_": email, "part": email, "id_": customer_id}
        return bool(await self._connection.scalar(_HAS_EMAIL, values))

    async def add(self, **values: object) -> int:
        """Add a customer; return its id."""
        return int(await self._connection.scalar(_INSERT, _columns(values)) or 0)

    async def update(self, customer_id: int, **values: object) -> None:
        """Change these fields, of which there is at least one."""
        await self._connection.execute(_UPDATE, {"id_": customer_id, **_columns(values)})


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """Map fields to columns: Pagila has two columns for `active`."""
    if "active" not in values:
        return values
    return values | {"activebool": values["active"], "active": int(values["active"])}
