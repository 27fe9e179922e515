"""Machine clients' keys."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller, Role, Scope
from app.core.auth.secrets import API_KEY_PREFIX, digest, new_secret
from app.core.database.engine import Database
from app.core.errors import ApiKeyNotFound, InvalidInput, InvalidToken
from app.repositories.accounts import AccountRepository
from app.repositories.api_keys import API_KEYS, ApiKeyRepository
from app.schemas.auth import ApiKeyCreate, ApiKeyCreated, ApiKeyQuery, ApiKeyRead
from app.services.admins import require_admin
from app.services.pagination import Page, page

SHOWN_OF_KEY = len(API_KEY_PREFIX) + 6
"""Characters of a key that tell it from others."""
_PRECISION = timedelta(minutes=1)
"""Of the time of last use: a write for every request would be a dear look at a clock."""


class ApiKeyService:
    """API keys, for one request or one command."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def authenticate(self, key: str) -> Caller:
        """Whose key it is: the store's staff, limited by its scopes; raises InvalidToken. Costs one query."""
        now = datetime.now(timezone.utc)
        async with self._database.reading() as connection:
            found = await ApiKeyRepository(connection).find_good(digest(key), now)
        if found is None:
            raise InvalidToken
        last = found["last_used_at"]
        if last is None or now - last > _PRECISION:
            await self._note_use(found["id"], now)
        return Caller(role=Role.STAFF, key_id=found["id"], scopes=frozenset(map(Scope, found["scopes"])))

    async def _note_use(self, key_id: int, now: datetime) -> None:
        """A query more, once a minute."""

        async def work(connection: AsyncConnection) -> bool:
            return await ApiKeyRepository(connection).used(key_id, now, now - _PRECISION)

        if await self._database.transaction(work):
            audit("api_key_used", key_id=key_id)

    async def create(self, command: ApiKeyCreate, maker: Caller | None) -> ApiKeyCreated:
        """A new key, with its secret for this once; None is for whoever makes it at the command line.

        Raises InvalidInput when the key would have ended already, and what `require_admin` does.
        """
        if command.expires_at is not None and command.expires_at <= datetime.now(timezone.utc):
            raise InvalidInput("expires_at must be in the future.", "expires_at")
        key = new_secret(API_KEY_PREFIX)

        async def work(connection: AsyncConnection) -> ApiKeyCreated:
            keys = ApiKeyRepository(connection)
            if maker is not None:
                # Locked: no key comes to be while its maker's end.
                require_admin(maker, await AccountRepository(connection).lock(maker.account_id or 0))
            key_id = await keys.add(
                name=command.name,
                prefix=key[:SHOWN_OF_KEY],
                key_hash=digest(key),
                scopes=[scope.value for scope in dict.fromkeys(command.scopes)],
                created_by=maker.account_id if maker else None,
                expires_at=command.expires_at,
            )
            return ApiKeyCreated.model_validate({**(await keys.find(key_id) or {}), "key": key})

        created = await self._database.transaction(work)
        audit("api_key_created", created_id=created.id, scopes=[scope.value for scope in created.scopes])
        return created

    async def replace(self, command: ApiKeyCreate) -> ApiKeyCreated:
        """A new key in the place of those of its name, which end."""

        async def work(connection: AsyncConnection) -> None:
            await ApiKeyRepository(connection).revoke_named(command.name, datetime.now(timezone.utc))

        await self._database.transaction(work)
        return await self.create(command, None)

    async def list(self, query: ApiKeyQuery, *, counted: bool = False) -> Page[ApiKeyRead]:
        """A page of keys, those that have ended among them."""
        return await page(self._database, API_KEYS, ApiKeyRead, query, counted=counted)

    async def revoke(self, key_id: int) -> None:
        """End the key, which changes nothing the second time; raises ApiKeyNotFound."""

        async def work(connection: AsyncConnection) -> None:
            keys = ApiKeyRepository(connection)
            if await keys.find(key_id) is None:
                raise ApiKeyNotFound(key_id)
            await keys.revoke(key_id, datetime.now(timezone.utc))

        await self._database.transaction(work)
        audit("api_key_revoked", revoked_id=key_id)
