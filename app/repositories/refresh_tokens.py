"""Refresh tokens: each is used once, and all that came of one sign-in end together."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import RefreshToken
from app.models.types import UtcDateTime
from app.repositories.pagination import Row, first

_NOW = sa.bindparam("now", type_=UtcDateTime)
_THIS = col(RefreshToken.token_hash) == sa.bindparam("hash_")
_NOT_REVOKED = col(RefreshToken.revoked_at).is_(None)
_FIND = sa.select(col(RefreshToken.account_id), col(RefreshToken.family), col(RefreshToken.used_at)).where(_THIS)
_USE = (
    sa.update(RefreshToken)
    .where(_THIS, _NOT_REVOKED, col(RefreshToken.used_at).is_(None), col(RefreshToken.expires_at) > _NOW)
    .values(used_at=_NOW)
)
_REVOKE = sa.update(RefreshToken).where(_NOT_REVOKED).values(revoked_at=_NOW)
_REVOKE_FAMILY = _REVOKE.where(col(RefreshToken.family) == sa.bindparam("family_"))
_REVOKE_ALL = _REVOKE.where(col(RefreshToken.account_id) == sa.bindparam("account_"))
_INSERT = sa.insert(RefreshToken)
_FORGET = sa.delete(RefreshToken).where(
    col(RefreshToken.account_id) == sa.bindparam("account_"), col(RefreshToken.expires_at) < _NOW
)


class RefreshTokenRepository:
    """Reads and writes refresh tokens, by their hashes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, **values: object) -> None:
        """A new token."""
        await self._connection.execute(_INSERT, values)

    async def use(self, token_hash: str, now: datetime) -> bool:
        """Whether the token was good until now. It is for one of several callers."""
        return bool((await self._connection.execute(_USE, {"hash_": token_hash, "now": now})).rowcount)

    async def find(self, token_hash: str) -> Row | None:
        """The token's `account_id`, `family` and `used_at`, good or not; or None."""
        return await first(self._connection, _FIND, hash_=token_hash)

    async def revoke_family(self, family: str, now: datetime) -> None:
        """End all that came of one sign-in."""
        await self._connection.execute(_REVOKE_FAMILY, {"family_": family, "now": now})

    async def revoke_all(self, account_id: int, now: datetime) -> None:
        """End all of an account's."""
        await self._connection.execute(_REVOKE_ALL, {"account_": account_id, "now": now})

    async def forget(self, account_id: int, now: datetime) -> None:
        """Remove the account's that have expired: not even a second use of them tells anything then."""
        await self._connection.execute(_FORGET, {"account_": account_id, "now": now})
