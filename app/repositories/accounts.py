"""Accounts."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Caller
from app.models import Customer, Staff, UserAccount
from app.repositories.rows import columns_of, first, one
from app.schemas.auth import AccountRead


class AccountRow(AccountRead):
    """An account with its password hash and token version, which callers never see."""

    password_hash: str = Field(repr=False)
    token_version: int

    @property
    def caller(self) -> Caller:
        """The caller that signs in with this account."""
        return Caller(
            role=self.role,
            account_id=self.id,
            customer_id=self.customer_id,
            staff_id=self.staff_id,
            token_version=self.token_version,
        )


class _Records(NamedTuple):
    customer_id: bool
    staff_id: bool


_ACCOUNTS = sa.select(*columns_of(AccountRow, UserAccount))
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

    async def find(self, account_id: int) -> AccountRow | None:
        """Return the account, or None."""
        return await first(self._connection, _ONE, AccountRow, id_=account_id)

    async def lock(self, account_id: int) -> AccountRow | None:
        """Return the account, locked until this transaction ends; or None."""
        return await first(self._connection, _LOCKED, AccountRow, id_=account_id)

    async def find_by_email(self, email: str) -> AccountRow | None:
        """Return the account with this address, given in lower case; or None."""
        return await first(self._connection, _BY_EMAIL, AccountRow, email_=email)

    async def lock_by_email(self, email: str) -> AccountRow | None:
        """Return the account, locked until this transaction ends; or None."""
        return await first(self._connection, _LOCKED_BY_EMAIL, AccountRow, email_=email)

    async def missing(self, *, customer_id: int | None, staff_id: int | None) -> list[str]:
        """Return the names of the ids that do not exist."""
        given = {"customer_id": customer_id, "staff_id": staff_id}
        exists = (await one(self._connection, _RECORDS, _Records, **given))._asdict()
        return [name for name, value in given.items() if value is not None and not exists[name]]

    async def add(self, **values: object) -> int:
        """Add an account; return its id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def update(self, account_id: int, **values: object) -> None:
        """Change these columns, of which there is at least one; access tokens issued before become outdated."""
        await self._connection.execute(_CHANGE, {"id_": account_id, **values})

    async def replace_password(self, account_id: int, kept: str, new: str) -> bool:
        """Replace the hash by that of a new password if it is still `kept`; return whether it was.

        Access tokens issued before become outdated.
        """
        values = {"id_": account_id, "kept": kept, "password_hash": new}
        return bool((await self._connection.execute(_REPLACE, values)).rowcount)

    async def rehash(self, account_id: int, kept: str, better: str) -> bool:
        """Replace the hash by a better one of the same password if it is still `kept`; return whether it was."""
        values = {"id_": account_id, "kept": kept, "password_hash": better}
        return bool((await self._connection.execute(_REHASH, values)).rowcount)
