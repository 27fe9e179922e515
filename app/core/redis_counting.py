"""Counting in Redis, for processes that count their callers together."""

from __future__ import annotations

import time

import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.core.counting import Standing, count_by

log = structlog.get_logger("app.limits")

_PATIENCE = 0.25
"""Seconds for Redis to answer one command in: it takes less than a thousandth."""
_AWAY = 2.0
"""Seconds after which Redis is asked again whether it is back."""


class RedisCounter:
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
            standing = await count_by(self._limiter, item, *key)
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
        """Close its connections."""
        await self._pool.disconnect()
