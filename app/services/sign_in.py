"""Signing in with a password, and staying so with refresh tokens."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller, Role
from app.core.auth.secrets import digest, new_secret
from app.core.database.engine import Database
from app.core.errors import InvalidToken, Unauthorized
from app.repositories.accounts import AccountRepository
from app.repositories.pagination import Row
from app.repositories.refresh_tokens import RefreshTokenRepository
from app.schemas.auth import TokensRead
from app.services.security import SecurityLoader

if TYPE_CHECKING:
    from app.core.auth.security import Security


class SignInService:
    """Tokens for one request."""

    def __init__(self, database: Database, security: SecurityLoader) -> None:
        self._database = database
        self._loader = security

    async def sign_in(self, email: str, password: str) -> TokensRead:
        """Tokens for the account with this address and password; raises Unauthorized, whichever of them is wrong."""
        security = await self._loader.get()
        account = await self._find(email)
        # No connection is held meanwhile.
        right, better = await security.passwords.check(password, account["password_hash"] if account else None)
        if account is None or not right or not account["active"]:
            audit("sign_in_failed", failed_id=account["id"] if account else None)
            raise Unauthorized("E-mail address or password is wrong.")

        async def work(connection: AsyncConnection) -> str | None:
            accounts = AccountRepository(connection)
            if await accounts.lock(account["id"]) != account:
                return None
            if better is not None:
                await accounts.rehash(account["id"], account["password_hash"], better)
            tokens = RefreshTokenRepository(connection)
            await tokens.forget(account["id"], datetime.now(timezone.utc))
            return await _add(tokens, security, account["id"], uuid.uuid4().hex)

        refresh_token = await self._database.transaction(work)
        if refresh_token is None:
            # It has changed since we looked: another password may have ended all that this one was good for.
            return await self.sign_in(email, password)
        audit("signed_in", account_id=account["id"])
        return _tokens(security, account, refresh_token)

    async def refresh(self, token: str) -> TokensRead:
        """New tokens for one that was not used yet; raises InvalidToken.

        Of a token that comes a second time, somebody else may have a copy: all that came of it ends.
        """
        security = await self._loader.get()
        token_hash, now = digest(token), datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> tuple[Row, str] | None:
            tokens = RefreshTokenRepository(connection)
            found = await tokens.find(token_hash)
            # Locked, so that no token comes to be while somebody else ends all that there are.
            account = await AccountRepository(connection).lock(found["account_id"]) if found else None
            if found is None or account is None:
                return None
            if account["active"] and await tokens.use(token_hash, now):
                return account, await _add(tokens, security, account["id"], found["family"])
            await _end_family(tokens, token_hash, now)
            return None

        done = await self._database.transaction(work)
        if done is None:
            audit("token_refresh_failed")
            raise InvalidToken
        account, refresh_token = done
        audit("token_refreshed", account_id=account["id"])
        return _tokens(security, account, refresh_token)

    async def sign_out(self, token: str) -> None:
        """End all that came of the sign-in that this refresh token is of; nothing happens for any other text."""
        token_hash, now = digest(token), datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> Row | None:
            tokens = RefreshTokenRepository(connection)
            if found := await tokens.find(token_hash):
                await AccountRepository(connection).lock(found["account_id"])
                await tokens.revoke_family(found["family"], now)
            return found

        if found := await self._database.transaction(work):
            audit("signed_out", account_id=found["account_id"])

    async def _find(self, email: str) -> Row | None:
        async with self._database.reading() as connection:
            return await AccountRepository(connection).find_by_email(email.lower())


async def _add(tokens: RefreshTokenRepository, security: Security, account_id: int, family: str) -> str:
    token = new_secret()
    expires_at = datetime.now(timezone.utc) + security.refresh_lifetime
    await tokens.add(account_id=account_id, family=family, token_hash=digest(token), expires_at=expires_at)
    return token


async def _end_family(tokens: RefreshTokenRepository, token_hash: str, now: datetime) -> None:
    found = await tokens.find(token_hash)
    if found is None:
        return
    if found["used_at"] is not None:
        audit("refresh_token_reused", account_id=found["account_id"])
    await tokens.revoke_family(found["family"], now)


def _tokens(security: Security, account: Row, refresh_token: str) -> TokensRead:
    caller = Caller(
        role=Role(account["role"]),
        account_id=account["id"],
        customer_id=account["customer_id"],
        staff_id=account["staff_id"],
        token_version=account["token_version"],
    )
    return TokensRead(
        access_token=security.tokens.issue(caller),
        expires_in=security.tokens.lifetime // timedelta(seconds=1),
        refresh_token=refresh_token,
    )
