"""Check a caller's account as it is now: an access token may be some minutes old."""

from __future__ import annotations

from app.core.auth.identity import Caller, Role
from app.core.database.engine import Database
from app.core.errors import Forbidden, InvalidToken
from app.repositories.accounts import AccountRepository, AccountRow


class AdminService:
    """Admins, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, caller: Caller) -> None:
        """Check the caller's account; raises the errors of `require_admin`."""
        async with self._database.reading() as connection:
            require_admin(caller, await AccountRepository(connection).find(caller.account_id or 0))


def require_admin(caller: Caller, account: AccountRow | None) -> None:
    """Check the caller's account as it is now.

    Raises Forbidden when its role is not admin, InvalidToken when it is inactive or was changed since the sign-in.
    """
    if account is not None and account.active and account.role is not Role.ADMIN:
        raise Forbidden(f"Accounts with the role {account.role.value} may not do this.")
    require_unchanged(caller, account)


def require_unchanged(caller: Caller, account: AccountRow | None) -> None:
    """Raise InvalidToken when the caller's account is inactive or was changed since the sign-in."""
    if account is None or not account.active or account.token_version != caller.token_version:
        raise InvalidToken
