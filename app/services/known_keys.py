"""API keys that were valid a moment ago, so that not every request looks its key up."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from app.repositories.api_keys import ValidKey

_MAX_KEYS = 1000


class _Known(NamedTuple):
    key: ValidKey
    until: float
    """Of `time.monotonic()`."""


class KnownKeys:
    """A process's valid keys, by their hashes, each for some seconds after it was looked up.

    Invalid keys are not kept: every use of one costs a query, and no memory.
    """

    def __init__(self, seconds: float) -> None:
        """With 0 seconds every key is looked up."""
        self._seconds = seconds
        self._known: dict[str, _Known] = {}
        """In order of `until`."""
        self._changes = 0

    async def find(
        self, key_hash: str, now: datetime, look_up: Callable[[], Awaitable[ValidKey | None]]
    ) -> ValidKey | None:
        """Return the key if it is known, else what `look_up` returns: the key if it is valid, or None."""
        begun, changes = time.monotonic(), self._changes
        known = self._known.get(key_hash)
        if known is not None and begun < known.until and not _has_expired(known.key, now):
            return known.key
        found = await look_up()
        # Keys that were revoked meanwhile may have been read before.
        if found is not None and changes == self._changes:
            self._add(key_hash, _Known(found, begun + self._seconds))
        return found

    def record_use(self, key_hash: str, now: datetime) -> None:
        """Keep the time of last use of a known key."""
        if known := self._known.get(key_hash):
            self._known[key_hash] = known._replace(key=known.key._replace(last_used_at=now))

    def forget(self) -> None:
        """Look all keys up again, because some were revoked."""
        self._changes += 1
        self._known.clear()

    def _add(self, key_hash: str, known: _Known) -> None:
        self._known.pop(key_hash, None)
        if len(self._known) >= _MAX_KEYS:
            del self._known[next(iter(self._known))]
        self._known[key_hash] = known


def _has_expired(key: ValidKey, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now
