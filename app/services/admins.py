"""Who is an admin now, whatever an access token from some minutes ago says."""

from __future__ import annotations

from app.core.auth.identity import Caller, Role
from app.core.database.engine import Database
from app.core.errors import Forbidden, InvalidToken
from app.repositories.accounts import AccountRepository
from app.repositories.pagination import Row


class AdminService:
    """Admins, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, caller: Caller) -> None:
        """Look the caller's account up; raises what `require_admin` does."""
        async with self._database.reading() as connection:
            require_admin(caller, await AccountRepository(connection).find(caller.account_id or 0))


def require_admin(caller: Caller, account: Row | None) -> None:
    """Check the caller's account as it is now.

    Raises Forbidden when it is no admin's any more, InvalidToken when it has ended or has another password since.
    """
    if account is None or not account["active"]:
        raise InvalidToken
    if account["role"] != Role.ADMIN.value:
        raise Forbidden(f"Accounts with the role {account['role']} may not do this.")
    if account["token_version"] != caller.token_version:
        raise InvalidToken
