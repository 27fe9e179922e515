"""API keys of machine clients."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.auth.identity import Role
from app.models import ApiKey, UserAccount
from app.models.types import UtcDateTime
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Str
from app.repositories.rows import columns_of, first, one
from app.schemas.auth import ApiKeyQuery, ApiKeyRead

_NOW = sa.bindparam("now", type_=UtcDateTime)
_KEYS = sa.select(*columns_of(ApiKeyRead, ApiKey))
_THIS = col(ApiKey.id) == sa.bindparam("id_")
_UNUSED = col(ApiKey.last_used_at).is_(None)

API_KEYS = PaginatedSelect(
    ApiKeyRead,
    _KEYS,
    sorts={"id": SortKey(col(ApiKey.id), Int), "name": SortKey(col(ApiKey.name), Str)},
    flags={"revoked": (col(ApiKey.revoked_at).is_not(None), col(ApiKey.revoked_at).is_(None))},
    queries=(ApiKeyQuery,),
)

_ONE = _KEYS.where(_THIS)
_VALID = (
    sa.select(col(ApiKey.id), col(ApiKey.scopes), col(ApiKey.expires_at), col(ApiKey.last_used_at))
    .outerjoin(UserAccount, col(UserAccount.id) == col(ApiKey.created_by))
    .where(
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at).is_(None) | (col(ApiKey.expires_at) > _NOW),
        # Keys end when their creator stops being an active admin.
        col(ApiKey.created_by).is_(None) | (col(UserAccount.active) & (col(UserAccount.role) == Role.ADMIN.value)),
    )
)
_VALID_BY_HASH = _VALID.where(col(ApiKey.key_hash) == sa.bindparam("hash_"))
_VALID_BY_ID = _VALID.where(_THIS).with_for_update(read=True, of=ApiKey)
_INSERT = sa.insert(ApiKey).returning(col(ApiKey.id))
_RECORD_USE = (
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
_REVOKE_CREATED_BY = (
    sa.update(ApiKey)
    .where(col(ApiKey.created_by) == sa.bindparam("account_"), col(ApiKey.revoked_at).is_(None))
    .values(revoked_at=_NOW)
)


class ValidKey(NamedTuple):
    """The data of a key that a request needs."""

    id: int
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiKeyRepository:
    """Reads and writes API keys."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, key_id: int) -> ApiKeyRead | None:
        """Return the key without its secret, or None."""
        return await first(self._connection, _ONE, ApiKeyRead, id_=key_id)

    async def get(self, key_id: int) -> ApiKeyRead:
        """Return a key that exists."""
        return await one(self._connection, _ONE, ApiKeyRead, id_=key_id)

    async def find_valid(self, key_hash: str, now: datetime) -> ValidKey | None:
        """Return the key with this hash if it is valid now, or None."""
        return await first(self._connection, _VALID_BY_HASH, ValidKey, hash_=key_hash, now=now)

    async def is_valid(self, key_id: int, now: datetime) -> bool:
        """Return whether the key is valid now, and prevent its revocation until the transaction ends."""
        return await first(self._connection, _VALID_BY_ID, ValidKey, id_=key_id, now=now) is not None

    async def add(self, **values: object) -> int:
        """Add a key; return its id."""
        return int(await self._connection.scalar(_INSERT, values) or 0)

    async def record_use(self, key_id: int, now: datetime, before: datetime) -> bool:
        """Record a use, unless one was recorded since `before`; return whether it was recorded."""
        return bool(
            (await self._connection.execute(_RECORD_USE, {"id_": key_id, "now": now, "before": before})).rowcount
        )

    async def revoke(self, key_id: int, now: datetime) -> None:
        """Revoke the key, if it is not revoked."""
        await self._connection.execute(_REVOKE, {"id_": key_id, "now": now})

    async def revoke_created_by(self, account_id: int, now: datetime) -> int:
        """Revoke all keys that this account created; return their number."""
        return (await self._connection.execute(_REVOKE_CREATED_BY, {"account_": account_id, "now": now})).rowcount

    async def revoke_named(self, name: str, now: datetime) -> None:
        """Revoke all keys of this name."""
        await self._connection.execute(_REVOKE_NAMED, {"name_": name, "now": now})
