"""Refresh tokens: each is used once, and all tokens of one sign-in are revoked together."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import RefreshToken
from app.models.types import UtcDateTime
from app.repositories.rows import first

_NOW = sa.bindparam("now", type_=UtcDateTime)
_THIS = col(RefreshToken.token_hash) == sa.bindparam("hash_")
_NOT_REVOKED = col(RefreshToken.revoked_at).is_(None)
_FIND = sa.select(col(RefreshToken.account_id), col(RefreshToken.family), col(RefreshToken.used_at)).where(_THIS)
_USE = (
    sa.update(RefreshToken)
    .where(_THIS, _NOT_REVOKED, col(RefreshToken.used_at).is_(None), col(RefreshToken.expires_at) > _NOW)
    .values(used_at=_NOW)
)
_LIVE = (
    sa.select(col(RefreshToken.id))
    .where(col(RefreshToken.family) == sa.bindparam("family_"), _NOT_REVOKED)
    .limit(1)
    .with_for_update(read=True)
)
_REVOKE = sa.update(RefreshToken).where(_NOT_REVOKED).values(revoked_at=_NOW)
_REVOKE_FAMILY = _REVOKE.where(col(RefreshToken.family) == sa.bindparam("family_"))
_REVOKE_ALL = _REVOKE.where(col(RefreshToken.account_id) == sa.bindparam("account_"))
_INSERT = sa.insert(RefreshToken)
_FORGET = sa.delete(RefreshToken).where(
    col(RefreshToken.account_id) == sa.bindparam("account_"), col(RefreshToken.expires_at) < _NOW
)


class TokenRow(NamedTuple):
    """A refresh token, valid or not."""

    account_id: int
    family: str
    used_at: datetime | None


class RefreshTokenRepository:
    """Reads and writes refresh tokens, by their hashes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, **values: object) -> None:
        """Add a token."""
        await self._connection.execute(_INSERT, values)

    async def use(self, token_hash: str, now: datetime) -> bool:
        """Use the token; return whether it was valid. Of concurrent calls, one succeeds."""
        return bool((await self._connection.execute(_USE, {"hash_": token_hash, "now": now})).rowcount)

    async def find(self, token_hash: str) -> TokenRow | None:
        """Return the token, valid or not; or None."""
        return await first(self._connection, _FIND, TokenRow, hash_=token_hash)

    async def is_live(self, family: str) -> bool:
        """Return whether this sign-in has not ended, and keep it from ending before this transaction."""
        return await self._connection.scalar(_LIVE, {"family_": family}) is not None

    async def revoke_family(self, family: str, now: datetime) -> None:
        """Revoke all tokens of one sign-in."""
        await self._connection.execute(_REVOKE_FAMILY, {"family_": family, "now": now})

    async def revoke_all(self, account_id: int, now: datetime) -> None:
        """Revoke all tokens of an account."""
        await self._connection.execute(_REVOKE_ALL, {"account_": account_id, "now": now})

    async def forget(self, account_id: int, now: datetime) -> None:
        """Delete the account's expired tokens: reuse of those needs no detection."""
        await self._connection.execute(_FORGET, {"account_": account_id, "now": now})
