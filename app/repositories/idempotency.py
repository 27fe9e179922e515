"""Who is first to use a key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import IdempotencyKey
from app.repositories.pagination import Row, first

_CLAIM = {
    "postgresql": postgresql.insert(IdempotencyKey).on_conflict_do_nothing().returning(col(IdempotencyKey.key)),
    "sqlite": sqlite.insert(IdempotencyKey).on_conflict_do_nothing().returning(col(IdempotencyKey.key)),
}
_FIND = sa.select(col(IdempotencyKey.fingerprint), col(IdempotencyKey.response)).where(
    col(IdempotencyKey.key) == sa.bindparam("key_")
)
_ANSWER = sa.update(IdempotencyKey).where(col(IdempotencyKey.key) == sa.bindparam("key_"))
_FORGET = sa.delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < sa.bindparam("before"))


class IdempotencyRepository:
    """Keys and the responses to their requests."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, key: str, fingerprint: str) -> bool:
        """Whether the key is new. A transaction that has claimed it makes all others wait here until it ends."""
        claim = _CLAIM[self._connection.dialect.name]
        return await first(self._connection, claim, key=key, fingerprint=fingerprint) is not None

    async def find(self, key: str) -> Row | None:
        """The `fingerprint` and `response` of the key's first request."""
        return await first(self._connection, _FIND, key_=key)

    async def answer(self, key: str, response: str) -> None:
        """Remember the response to the request that claimed the key."""
        await self._connection.execute(_ANSWER, {"key_": key, "response": response})

    async def forget(self, before: datetime) -> None:
        """Keys claimed before then may be used anew."""
        await self._connection.execute(_FORGET, {"before": before})
