"""Whether a caller is an admin now: an access token may be some minutes old."""

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
    if account is None or not account.active:
        raise InvalidToken
    if account.role is not Role.ADMIN:
        raise Forbidden(f"Accounts with the role {account.role.value} may not do this.")
    if account.token_version != caller.token_version:
        raise InvalidToken
