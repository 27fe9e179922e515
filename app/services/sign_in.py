"""Sign-in with a password, and refresh tokens."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.secrets import digest, new_secret
from app.core.database.engine import Database
from app.core.errors import InvalidToken, Unauthorized
from app.repositories.accounts import AccountRepository, AccountRow
from app.repositories.refresh_tokens import RefreshTokenRepository, TokenRow
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
        """Return tokens for the account; raises the same Unauthorized for an unknown address and a wrong password."""
        security = await self._loader.get()
        account = await self._find(email)
        # No connection is held during this.
        right, better = await security.passwords.check(password, account.password_hash if account else None)
        if account is None or not right or not account.active:
            audit("sign_in_failed", failed_id=account.id if account else None)
            raise Unauthorized("E-mail address or password is wrong.")

        family = uuid.uuid4().hex

        async def work(connection: AsyncConnection) -> str | None:
            accounts = AccountRepository(connection)
            if await accounts.lock(account.id) != account:
                return None
            if better is not None:
                await accounts.rehash(account.id, account.password_hash, better)
            tokens = RefreshTokenRepository(connection)
            await tokens.forget(account.id, datetime.now(timezone.utc))
            return await _add(tokens, security, account.id, family)

        refresh_token = await self._database.transaction(work)
        if refresh_token is None:
            # The account has changed since: its password may be another one now.
            return await self.sign_in(email, password)
        audit("signed_in", account_id=account.id)
        return _tokens(security, account, family, refresh_token)

    async def refresh(self, token: str) -> TokensRead:
        """Return new tokens for an unused refresh token; raises InvalidToken.

        A token that is used twice may have been stolen: all tokens of the same sign-in are revoked.
        """
        security = await self._loader.get()
        token_hash, now = digest(token), datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> tuple[AccountRow, str, str] | None:
            tokens = RefreshTokenRepository(connection)
            found = await tokens.find(token_hash)
            # Locked, so that no token is added while all are revoked.
            account = await AccountRepository(connection).lock(found.account_id) if found else None
            if found is None or account is None:
                return None
            if account.active and await tokens.use(token_hash, now):
                return account, found.family, await _add(tokens, security, account.id, found.family)
            await _end_family(tokens, token_hash, now)
            return None

        done = await self._database.transaction(work)
        if done is None:
            audit("token_refresh_failed")
            raise InvalidToken
        account, family, refresh_token = done
        audit("token_refreshed", account_id=account.id)
        return _tokens(security, account, family, refresh_token)

    async def sign_out(self, token: str) -> None:
        """Revoke all tokens of the same sign-in; an unknown token is ignored."""
        token_hash, now = digest(token), datetime.now(timezone.utc)

        async def work(connection: AsyncConnection) -> TokenRow | None:
            tokens = RefreshTokenRepository(connection)
            if found := await tokens.find(token_hash):
                await AccountRepository(connection).lock(found.account_id)
                await tokens.revoke_family(found.family, now)
            return found

        if found := await self._database.transaction(work):
            audit("signed_out", account_id=found.account_id)

    async def _find(self, email: str) -> AccountRow | None:
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
    if found.used_at is not None:
        audit("refresh_token_reused", account_id=found.account_id)
    await tokens.revoke_family(found.family, now)


def _tokens(security: Security, account: AccountRow, family: str, refresh_token: str) -> TokensRead:
    return TokensRead(
        access_token=security.tokens.issue(replace(account.caller, session=family)),
        expires_in=security.tokens.lifetime // timedelta(seconds=1),
        refresh_token=refresh_token,
    )
