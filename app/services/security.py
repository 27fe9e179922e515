"""Passwords and tokens, imported when first needed, because importing cryptography takes long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.core.settings import Settings

if TYPE_CHECKING:
    from app.core.auth.passwords import Guard
    from app.core.auth.security import Security


class SecurityLoader:
    """Creates the process's one Security, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loading: asyncio.Task[Security] | None = None

    async def get(self) -> Security:
        """Return the process's passwords and tokens."""
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        return await asyncio.shield(self._loading)

    def guarded_by(self, guard: Guard) -> SecurityLoader:
        """Return a loader with this guard, for a request that may be cancelled while passwords are hashed."""
        return _GuardedLoader(self, guard)

    def close(self) -> None:
        """Stop checking passwords."""
        loaded = self._loading is not None and self._loading.done() and not self._loading.cancelled()
        if self._loading is not None and loaded and self._loading.exception() is None:
            self._loading.result().passwords.close()

    def _load(self) -> Security:
        from app.core.auth.security import Security

        return Security(self._settings)


class _GuardedLoader(SecurityLoader):
    """Returns the process's Security with a guard."""

    def __init__(self, loader: SecurityLoader, guard: Guard) -> None:
        self._loader, self._guard = loader, guard

    async def get(self) -> Security:
        """See SecurityLoader."""
        return (await self._loader.get()).guarded_by(self._guard)
