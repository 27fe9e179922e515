"""Accounts: registration, roles, records and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller, Role
from app.core.database.engine import Database
from app.core.errors import AccountNotFound, Conflict, Forbidden, InvalidInput, InvalidReference, InvalidToken
from app.models.emails import account_email
from app.repositories.accounts import AccountRepository, AccountRow
from app.repositories.api_keys import ApiKeyRepository
from app.repositories.conversations import ConversationRepository
from app.repositories.refresh_tokens import RefreshTokenRepository
from app.schemas.auth import AccountCreate, AccountRead, CallerRead, PasswordUpdate
from app.services.known_keys import KnownKeys
from app.services.security import SecurityLoader

_RANKS = (Role.CUSTOMER, Role.STAFF, Role.ADMIN)
"""In order of their rights."""


class AccountService:
    """Accounts, for one request or one command."""

    def __init__(self, database: Database, security: SecurityLoader, known: KnownKeys | None = None) -> None:
        """`known` are the process's known API keys."""
        self._database = database
        self._security = security
        self._known = known or KnownKeys(0)

    async def register(self, command: AccountCreate) -> AccountRead:
        """Create an account with the role customer; the store assigns its customer record later.

        Raises Conflict when the address has an account, InvalidInput.
        """
        return await self.create(command, Role.CUSTOMER)

    async def create(
        self, command: AccountCreate, role: Role, *, customer_id: int | None = None, staff_id: int | None = None
    ) -> AccountRead:
        """Create an account; raises Conflict when the address has one, InvalidReference, InvalidInput."""
        hashed = await self._hashed(command.email, command.password)

        async def work(connection: AsyncConnection) -> AccountRead:
            accounts = AccountRepository(connection)
            if await accounts.find_by_email(command.email) is not None:
                raise Conflict("An account with this e-mail address already exists.")
            await _require_records(accounts, role=role, customer_id=customer_id, staff_id=staff_id)
            account_id = await accounts.add(
                email=command.email,
                **hashed,
                role=role.value,
                customer_id=customer_id,
                staff_id=staff_id,
            )
            return _read(await accounts.find(account_id))

        created = await self._database.transaction(work)
        audit("account_created", created_id=created.id, role=role.value, customer_id=customer_id, staff_id=staff_id)
        return created

    async def needs_password(self, email: str, changes: Mapping[str, Any]) -> bool:
        """Return whether these changes give an account rights, so that `update` requires a new password.

        Anyone may have registered with the address: only those who receive the new password get the rights. Raises
        the errors of `update`.
        """
        async with self._database.reading() as connection:
            found, _ = await _changed(AccountRepository(connection), email, changes)
        return _gives_rights(found, changes)

    async def update(self, email: str, changes: Mapping[str, Any], password: str | None = None) -> AccountRead:
        """Change the account's role, records or `active`, and revoke its refresh tokens.

        A new record replaces the other one; a record that does not fit a new role is removed. Access tokens stay valid
        until they expire. Keys that the account created are revoked with a new password, and when the account is no
        longer an active admin's. Deactivating an account deletes its conversations.

        Raises AccountNotFound, InvalidInput, InvalidReference.
        """
        hashed = await self._hashed(account_email(email), password) if password is not None else {}
        now = datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> tuple[AccountRead, int]:
            accounts = AccountRepository(connection)
            found, values = await _changed(accounts, email, changes)
            if not hashed and _gives_rights(found, changes):
                raise InvalidInput("A new role or record requires a new password.", "password")
            await accounts.update(found.id, **{**changes, **values, **hashed})
            await RefreshTokenRepository(connection).revoke_all(found.id, now)
            updated = _read(await accounts.find(found.id))
            if not updated.active:
                await ConversationRepository(connection).delete_of_account(updated.id)
            if updated.active and updated.role is Role.ADMIN and not hashed:
                return updated, 0
            return updated, await ApiKeyRepository(connection).revoke_created_by(updated.id, now)

        updated, keys_ended = await self._database.transaction(work)
        self._known.forget()
        audit("account_changed", changed_id=updated.id, **changes, password_set=bool(hashed), keys_ended=keys_ended)
        return updated

    async def _hashed(self, email: str, password: str) -> dict[str, str]:
        """Return the column that stores a password; raises InvalidInput."""
        _require_other_than_email(password, email)
        return {"password_hash": await (await self._security.get()).passwords.hash(password)}

    async def caller(self, email: str) -> Caller:
        """Return the caller with this account; raises AccountNotFound, or Forbidden when it is not active."""
        async with self._database.reading() as connection:
            found = await AccountRepository(connection).find_by_email(account_email(email))
        if found is None:
            raise AccountNotFound(email)
        if not found.active:
            raise Forbidden(f"The account {email} is inactive.")
        return found.caller

    async def whoami(self, caller: Caller) -> CallerRead:
        """Return the caller; raises InvalidToken when the account does not exist or is not active."""
        scopes = None if caller.scopes is None else sorted(caller.scopes, key=lambda scope: scope.value)
        if caller.account_id is None:
            return CallerRead(kind="api_key", role=caller.role or Role.STAFF, account=None, scopes=scopes)
        account = _read(await self._active(caller.account_id))
        return CallerRead(kind="account", role=account.role, account=account, scopes=scopes)

    async def change_password(self, account_id: int, command: PasswordUpdate) -> None:
        """Change the password and revoke the account's refresh tokens; raises InvalidInput, InvalidToken."""
        found = await self._active(account_id)
        passwords = (await self._security.get()).passwords
        right, _ = await passwords.check(command.current_password, found.password_hash)
        if not right:
            audit("password_change_failed")
            raise InvalidInput("The current password is wrong.", "current_password")
        _require_other_than_email(command.new_password, found.email, "new_password")
        hashed = await passwords.hash(command.new_password)

        async def work(connection: AsyncConnection) -> bool:
            # Only the password that was checked is replaced: of two concurrent changes, one succeeds.
            changed = await AccountRepository(connection).replace_password(account_id, found.password_hash, hashed)
            if changed:
                await RefreshTokenRepository(connection).revoke_all(account_id, datetime.now(timezone.utc))
            return changed

        if not await self._database.transaction(work):
            raise InvalidInput("The current password is wrong.", "current_password")
        audit("password_changed")

    async def _active(self, account_id: int) -> AccountRow:
        async with self._database.reading() as connection:
            found = await AccountRepository(connection).find(account_id)
        if found is None or not found.active:
            raise InvalidToken
        return found


def _require_other_than_email(password: str, email: str, field: str = "password") -> None:
    if password.casefold() == email.casefold():
        raise InvalidInput("The password must differ from the e-mail address.", field)


async def _changed(
    accounts: AccountRepository, email: str, changes: Mapping[str, Any]
) -> tuple[AccountRow, dict[str, Any]]:
    """Return the account, locked within a transaction, and its role and records after these changes.

    Raises AccountNotFound, InvalidInput, InvalidReference.
    """
    found = await accounts.lock_by_email(account_email(email))
    if found is None:
        raise AccountNotFound(email)
    values = _fitting(found, changes)
    await _require_records(accounts, **values)
    return found, values


def _gives_rights(found: AccountRow, changes: Mapping[str, Any]) -> bool:
    """Return whether the account gets a record, even the one it has, or a role with more rights."""
    role = Role(changes.get("role", found.role))
    return bool({"customer_id", "staff_id"} & set(changes)) or _RANKS.index(role) > _RANKS.index(found.role)


def _fitting(found: AccountRow, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the role and the records of the account after these changes."""
    role = Role(changes.get("role", found.role))
    if "customer_id" in changes or "staff_id" in changes:
        return {"role": role, "customer_id": changes.get("customer_id"), "staff_id": changes.get("staff_id")}
    kept = "customer_id" if role is Role.CUSTOMER else "staff_id"
    return {"role": role, "customer_id": None, "staff_id": None, kept: getattr(found, kept)}


async def _require_records(
    accounts: AccountRepository, *, role: Role, customer_id: int | None, staff_id: int | None
) -> None:
    wrong = staff_id if role is Role.CUSTOMER else customer_id
    if wrong is not None:
        raise InvalidInput(
            "A customer_id requires the role customer; a staff_id requires the role staff or admin.", "role"
        )
    values = {"customer_id": customer_id, "staff_id": staff_id}
    for field in await accounts.missing(**values):
        raise InvalidReference(field, values[field] or 0)


def _read(row: AccountRow | None) -> AccountRead:
    """Return the account without its password hash and token version."""
    return AccountRead.model_validate(dict(row or {}))
