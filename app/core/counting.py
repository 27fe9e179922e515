"""How often callers ask: at most so many in any window of time, by the library `limits`.

Each process counts for itself, or all together in Redis. While Redis cannot be used, each counts for itself again:
nobody waits or fails for that, and the limits do not fall away.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter

from app.core.reading import limit_of
from app.core.settings import Settings

if TYPE_CHECKING:
    from app.core.redis_counting import RedisCounter

LimitName = Literal["ai", "auth"]

_SWEEP = 60.0
"""Seconds between two searches for what does not count any more."""
_CLOCKS = 0.0002
"""Seconds: more than is lost where Redis rounds the times it tells."""


@dataclass(frozen=True)
class Standing:
    """Where a caller stands. `reset`: in so many seconds the earliest of what was counted counts no more."""

    limit: int
    window: int
    """Seconds."""
    remaining: int
    reset: int
    exceeded: bool


class Limiter:
    """One process's."""

    def __init__(self, settings: Settings) -> None:
        self._limits: dict[LimitName, RateLimitItem | None] = {
            "ai": limit_of(settings.rate_limit_ai),
            "auth": limit_of(settings.rate_limit_auth),
        }
        self._own = MovingWindowRateLimiter(_Memory())
        secret = settings.rate_limit_storage
        # Imported only where it is used: its client takes a tenth of the time until the first answer.
        self._redis: RedisCounter | None = (
            import_module("app.core.redis_counting").RedisCounter(secret.get_secret_value()) if secret else None
        )

    async def count(self, name: LimitName, key: str) -> Standing | None:
        """Count one more of this caller, unless it is one too many; None where nothing is limited."""
        item = self._limits[name]
        if item is None:
            return None
        shared = await self._redis.count(item, name, key) if self._redis else None
        return shared or await count_by(self._own, item, name, key)

    async def close(self) -> None:
        """Close what is open."""
        if self._redis:
            await self._redis.close()


class _Memory(MemoryStorage):
    """The library's own goes through all keys in a thread after each request: with a thousand callers a whole core."""

    def __init__(self) -> None:
        super().__init__()
        self._swept = time.time()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        self._sweep(now)
        counted = self.events.setdefault(key, [])  # the newest first
        if len(counted) + amount > limit and counted[limit - amount].atime >= now - expiry:
            return False
        counted[:0] = [Entry(expiry)] * amount
        del counted[limit:]
        return True

    def _sweep(self, now: float) -> None:
        if now < self._swept + _SWEEP:
            return
        self._swept = now
        for key in [key for key, counted in self.events.items() if counted[0].expiry < now]:
            del self.events[key]


async def count_by(limiter: MovingWindowRateLimiter, item: RateLimitItem, *key: str) -> Standing:
    """Count one, and tell where its caller stands then."""
    allowed = await limiter.hit(item, *key)
    stats = await limiter.get_window_stats(item, *key)
    return Standing(
        limit=item.amount,
        window=item.get_expiry(),
        remaining=stats.remaining if allowed else 0,
        reset=max(1, math.ceil(stats.reset_time - time.time() + _CLOCKS)),
        exceeded=not allowed,
    )
