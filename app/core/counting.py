"""How often callers ask: at most so many in any window of time, by the library `limits`.

Each process counts for itself, or all together in Redis. While Redis cannot be used, each counts for itself again:
nobody waits or fails for that, and the limits do not fall away.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.core.reading import limit_of
from app.core.settings import Settings

log = structlog.get_logger("app.limits")

LimitName = Literal["ai", "auth"]

_PATIENCE = 0.25
"""Seconds for Redis to answer one command in: it takes less than a thousandth."""
_AWAY = 2.0
"""Seconds after which Redis is asked again whether it is back."""
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
        self._redis = _Redis(secret.get_secret_value()) if secret else None

    async def count(self, name: LimitName, key: str) -> Standing | None:
        """Count one more of this caller, unless it is one too many; None where nothing is limited."""
        item = self._limits[name]
        if item is None:
            return None
        shared = await self._redis.count(item, name, key) if self._redis else None
        return shared or await _count(self._own, item, name, key)

    async def close(self) -> None:
        """Close what is open."""
        if self._redis:
            await self._redis.close()


class _Redis:
    """What processes count together, as long as it can be used."""

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            timeout=_PATIENCE,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._limiter = MovingWindowRateLimiter(
            RedisStorage(
                f"async+{url}",
                implementation="redispy",
                key_prefix="interview-api",
                wrap_exceptions=True,
                connection_pool=self._pool,  # type: ignore[arg-type]  # as its documentation has it
            )
        )
        self._away = False
        self._asked_again = 0.0

    async def count(self, item: RateLimitItem, *key: str) -> Standing | None:
        """None while it cannot be used."""
        now = time.monotonic()
        if self._away and now < self._asked_again + _AWAY:
            return None
        self._asked_again = now
        try:
            standing = await _count(self._limiter, item, *key)
        except StorageError as error:
            self._lost(error)
            return None
        if self._away:
            self._away = False
            log.info("rate_limits_together_again")
        return standing

    def _lost(self, error: StorageError) -> None:
        if not self._away:
            self._away = True
            log.error(
                "rate_limits_apart",
                error=type(error.storage_error).__name__,
                hint="RATE_LIMIT_STORAGE cannot be used: each process counts for itself until it can",
            )

    async def close(self) -> None:
        await self._pool.disconnect()


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


async def _count(limiter: MovingWindowRateLimiter, item: RateLimitItem, *key: str) -> Standing:
    allowed = await limiter.hit(item, *key)
    stats = await limiter.get_window_stats(item, *key)
    return Standing(
        limit=item.amount,
        window=item.get_expiry(),
        remaining=stats.remaining if allowed else 0,
        reset=max(1, math.ceil(stats.reset_time - time.time() + _CLOCKS)),
        exceeded=not allowed,
    )
