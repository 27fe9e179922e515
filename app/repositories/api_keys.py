"""Machine clients' keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Role
from app.models import ApiKey, UserAccount
from app.models.types import UtcDateTime
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, Str, first

_NOW = sa.bindparam("now", type_=UtcDateTime)
_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(ApiKey.id),
    col(ApiKey.name),
    col(ApiKey.prefix),
    col(ApiKey.scopes),
    col(ApiKey.created_by),
    col(ApiKey.created_at),
    col(ApiKey.expires_at),
    col(ApiKey.last_used_at),
    col(ApiKey.revoked_at),
)
_KEYS = sa.select(*_COLUMNS)
_THIS = col(ApiKey.id) == sa.bindparam("id_")
_UNUSED = col(ApiKey.last_used_at).is_(None)

API_KEYS = PaginatedSelect(
    _KEYS,
    sorts={"id": SortKey(col(ApiKey.id), Int), "name": SortKey(col(ApiKey.name), Str)},
    flags={"revoked": (col(ApiKey.revoked_at).is_not(None), col(ApiKey.revoked_at).is_(None))},
)

_ONE = _KEYS.where(_THIS)
_GOOD = (
    sa.select(col(ApiKey.id), col(ApiKey.scopes), col(ApiKey.last_used_at))
    .outerjoin(UserAccount, col(UserAccount.id) == col(ApiKey.created_by))
    .where(
        col(ApiKey.key_hash) == sa.bindparam("hash_"),
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at).is_(None) | (col(ApiKey.expires_at) > _NOW),
        # Who may not make keys any more does not act through one either.
        col(ApiKey.created_by).is_(None) | (col(UserAccount.active) & (col(UserAccount.role) == Role.ADMIN.value)),
    )
)
_INSERT = sa.insert(ApiKey).returning(col(ApiKey.id))
_USED = (
    sa.update(ApiKey)
    .where(_THIS, _UNUSED | (col(ApiKey.last_used_at) < sa.bindparam("before", type_=UtcDateTime)))
    .values(last_used_at=_NOW)
)
_REVOKE = sa.update(ApiKey).where(_THIS, col(ApiKey.revoked_at).is_(None)).values(revoked_at=_NOW)
_REVOKE_NAMED = (
    sa.update(ApiKey)
    .where(col(ApiKey.name) == sa.bindparam("name_"), col(ApiKey.revoked_at).is_(None))
    .values(revoked_at=_NOW)
)
_REVOKE_MADE_BY = (
    sa.update(ApiKey)
    .where(col(ApiKey.created_by) == sa.bindparam("account_"), col(ApiKey.revoked_at).is_(None))
    .values(revoked_at=_NOW)
)


class ApiKeyRepository:
    """Reads and writes API keys."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, key_id: int) -> Row | None:
        """The key without its secret, or None."""
        return await first(self._connection, _ONE, id_=key_id)

    async def find_good(self, key_hash: str, now: datetime) -> Row | None:
        """The `id`, `scopes` and `last_used_at` of the key with this hash, if it is good now."""
        return await first(self._connection, _GOOD, hash_=key_hash, now=now)

    async def add(self, **values: object) -> int:
        """A new key's id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def used(self, key_id: int, now: datetime, before: datetime) -> bool:
        """Remember when it was used last, unless somebody has since `before`; whether it was this that did."""
        return bool((await self._connection.execute(_USED, {"id_": key_id, "now": now, "before": before})).rowcount)

    async def revoke(self, key_id: int, now: datetime) -> None:
        """End it, unless it has ended."""
        await self._connection.execute(_REVOKE, {"id_": key_id, "now": now})

    async def revoke_made_by(self, account_id: int, now: datetime) -> int:
        """End all keys that this account made; how many there were."""
        return (await self._connection.execute(_REVOKE_MADE_BY, {"account_": account_id, "now": now})).rowcount

    async def revoke_named(self, name: str, now: datetime) -> None:
        """End all keys of this name."""
        await self._connection.execute(_REVOKE_NAMED, {"name_": name, "now": now})
