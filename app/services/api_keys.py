"""API keys of machine clients."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller, Role, Scope
from app.core.auth.secrets import API_KEY_PREFIX, digest, new_secret
from app.core.database.engine import Database
from app.core.errors import ApiKeyNotFound, InvalidInput, InvalidToken
from app.repositories.accounts import AccountRepository
from app.repositories.api_keys import API_KEYS, ApiKeyRepository, ValidKey
from app.schemas.auth import ApiKeyCreate, ApiKeyCreated, ApiKeyQuery, ApiKeyRead
from app.services.admins import require_admin
from app.services.known_keys import KnownKeys
from app.services.pagination import Page, page

SHOWN_OF_KEY = len(API_KEY_PREFIX) + 6
"""Characters of a key that identify it."""
_PRECISION = timedelta(minutes=1)
"""Of the time of last use, so that not every request writes."""


class ApiKeyService:
    """API keys, for one request or one command."""

    def __init__(self, database: Database, known: KnownKeys | None = None) -> None:
        """`known` is the process's; without it every key is looked up."""
        self._database = database
        self._known = known or KnownKeys(0)

    async def authenticate(self, key: str) -> Caller:
        """Return the key's caller: staff, limited by its scopes; raises InvalidToken. Costs one query or none."""
        now, key_hash = datetime.now(timezone.utc), digest(key)

        async def look_up() -> ValidKey | None:
            async with self._database.reading() as connection:
                return await ApiKeyRepository(connection).find_valid(key_hash, now)

        found = await self._known.find(key_hash, now, look_up)
        if found is None:
            raise InvalidToken
        if found.last_used_at is None or now - found.last_used_at > _PRECISION:
            await self._record_use(found.id, now)
            self._known.record_use(key_hash, now)
        return Caller(role=Role.STAFF, key_id=found.id, scopes=frozenset(map(Scope, found.scopes)))

    async def _record_use(self, key_id: int, now: datetime) -> None:
        """Write the time of use, once a minute."""

        async def work(connection: AsyncConnection) -> bool:
            return await ApiKeyRepository(connection).record_use(key_id, now, now - _PRECISION)

        if await self._database.transaction(work):
            audit("api_key_used", key_id=key_id)

    async def create(self, command: ApiKeyCreate, maker: Caller | None) -> ApiKeyCreated:
        """Create a key and return it with its secret, which is shown only now; `maker` is None at the command line.

        Raises InvalidInput when the key has expired already, and the errors of `require_admin`.
        """
        if command.expires_at is not None and command.expires_at <= datetime.now(timezone.utc):
            raise InvalidInput("expires_at must be in the future.", "expires_at")
        key = new_secret(API_KEY_PREFIX)

        async def work(connection: AsyncConnection) -> ApiKeyCreated:
            keys = ApiKeyRepository(connection)
            if maker is not None:
                # Locked, so that no key is created while its maker's keys are revoked.
                require_admin(maker, await AccountRepository(connection).lock(maker.account_id or 0))
            key_id = await keys.add(
                name=command.name,
                prefix=key[:SHOWN_OF_KEY],
                key_hash=digest(key),
                scopes=[scope.value for scope in dict.fromkeys(command.scopes)],
                created_by=maker.account_id if maker else None,
                expires_at=command.expires_at,
            )
            return ApiKeyCreated(**dict(await keys.get(key_id)), key=key)

        created = await self._database.transaction(work)
        audit("api_key_created", created_id=created.id, scopes=[scope.value for scope in created.scopes])
        return created

    async def replace(self, command: ApiKeyCreate) -> ApiKeyCreated:
        """Create a key and revoke others of the same name."""

        async def work(connection: AsyncConnection) -> None:
            await ApiKeyRepository(connection).revoke_named(command.name, datetime.now(timezone.utc))

        await self._database.transaction(work)
        self._known.forget()
        return await self.create(command, None)

    async def list(self, query: ApiKeyQuery, *, counted: bool = False) -> Page[ApiKeyRead]:
        """Return a page of keys, including revoked and expired ones."""
        return await page(self._database, API_KEYS, query, counted=counted)

    async def revoke(self, key_id: int) -> None:
        """Revoke the key, if it is not revoked; raises ApiKeyNotFound. Other processes may know it for some seconds."""

        async def work(connection: AsyncConnection) -> None:
            keys = ApiKeyRepository(connection)
            if await keys.find(key_id) is None:
                raise ApiKeyNotFound(key_id)
            await keys.revoke(key_id, datetime.now(timezone.utc))

        await self._database.transaction(work)
        self._known.forget()
        audit("api_key_revoked", revoked_id=key_id)
