"""Accounts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Customer, Staff, UserAccount
from app.repositories.pagination import Row, first

_ACCOUNTS = sa.select(
    col(UserAccount.id),
    col(UserAccount.email),
    col(UserAccount.password_hash),
    col(UserAccount.role),
    col(UserAccount.customer_id),
    col(UserAccount.staff_id),
    col(UserAccount.active),
    col(UserAccount.token_version),
    col(UserAccount.created_at),
)
_THIS = col(UserAccount.id) == sa.bindparam("id_")
_ONE = _ACCOUNTS.where(_THIS)
_LOCKED = _ONE.with_for_update()
_BY_EMAIL = _ACCOUNTS.where(col(UserAccount.email) == sa.bindparam("email_"))
_LOCKED_BY_EMAIL = _BY_EMAIL.with_for_update()
_INSERT = sa.insert(UserAccount).returning(col(UserAccount.id))
_UPDATE = sa.update(UserAccount).where(_THIS)
_CHANGE = _UPDATE.values(token_version=col(UserAccount.token_version) + 1)
_REHASH = _UPDATE.where(col(UserAccount.password_hash) == sa.bindparam("kept"))
_REPLACE = _CHANGE.where(col(UserAccount.password_hash) == sa.bindparam("kept"))
_RECORDS = sa.select(
    sa.exists().where(col(Customer.customer_id) == sa.bindparam("customer_id")).label("customer_id"),
    sa.exists().where(col(Staff.staff_id) == sa.bindparam("staff_id")).label("staff_id"),
)


class AccountRepository:
    """Reads and writes accounts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, account_id: int) -> Row | None:
        """The account, or None."""
        return await first(self._connection, _ONE, id_=account_id)

    async def lock(self, account_id: int) -> Row | None:
        """The same, for which others wait until this transaction ends."""
        return await first(self._connection, _LOCKED, id_=account_id)

    async def find_by_email(self, email: str) -> Row | None:
        """The account with this address, which is in lower case; or None."""
        return await first(self._connection, _BY_EMAIL, email_=email)

    async def lock_by_email(self, email: str) -> Row | None:
        """The same, for which others wait until this transaction ends."""
        return await first(self._connection, _LOCKED_BY_EMAIL, email_=email)

    async def missing(self, *, customer_id: int | None, staff_id: int | None) -> list[str]:
        """Which of these refer to nothing."""
        given = {"customer_id": customer_id, "staff_id": staff_id}
        found = await first(self._connection, _RECORDS, **given) or {}
        return [name for name, value in given.items() if value is not None and not found[name]]

    async def add(self, **values: object) -> int:
        """A new account's id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def update(self, account_id: int, **values: object) -> None:
        """Change these, which are some; access tokens that are about are old then."""
        await self._connection.execute(_CHANGE, {"id_": account_id, **values})

    async def replace_password(self, account_id: int, kept: str, new: str) -> bool:
        """Replace the hash by another password's, unless it is another one by now; whether it was replaced.

        Access tokens that are about are old then.
        """
        values = {"id_": account_id, "kept": kept, "password_hash": new}
        return bool((await self._connection.execute(_REPLACE, values)).rowcount)

    async def rehash(self, account_id: int, kept: str, better: str) -> bool:
        """Replace the hash by a better one of the same password, unless it is another by now; whether it was."""
        values = {"id_": account_id, "kept": kept, "password_hash": better}
        return bool((await self._connection.execute(_REHASH, values)).rowcount)
