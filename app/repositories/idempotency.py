"""Idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import IdempotencyKey
from app.repositories.rows import first

_CLAIM = {
    "postgresql": postgresql.insert(IdempotencyKey).on_conflict_do_nothing().returning(col(IdempotencyKey.key)),
    "sqlite": sqlite.insert(IdempotencyKey).on_conflict_do_nothing().returning(col(IdempotencyKey.key)),
}
_FIND = sa.select(col(IdempotencyKey.fingerprint), col(IdempotencyKey.response)).where(
    col(IdempotencyKey.key) == sa.bindparam("key_")
)
_ANSWER = sa.update(IdempotencyKey).where(col(IdempotencyKey.key) == sa.bindparam("key_"))
_FORGET = sa.delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < sa.bindparam("before"))


class KeyRow(NamedTuple):
    """A used key."""

    fingerprint: str
    """Of its first request."""
    response: str | None
    """To that request; None in the transaction that has claimed the key."""


class IdempotencyRepository:
    """Reads and writes keys, and the responses to their requests."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, key: str, fingerprint: str) -> bool:
        """Claim the key; return whether it is new. Other transactions that claim it wait until this one ends."""
        claim = _CLAIM[self._connection.dialect.name]
        return await self._connection.scalar(claim, {"key": key, "fingerprint": fingerprint}) is not None

    async def find(self, key: str) -> KeyRow | None:
        """Return the key's first request, or None."""
        return await first(self._connection, _FIND, KeyRow, key_=key)

    async def answer(self, key: str, response: str) -> None:
        """Store the response to the request that claimed the key."""
        await self._connection.execute(_ANSWER, {"key_": key, "response": response})

    async def forget(self, before: datetime) -> None:
        """Delete keys claimed before then."""
        await self._connection.execute(_FORGET, {"before": before})
