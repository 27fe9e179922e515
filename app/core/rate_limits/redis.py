"""Counters in Redis, shared by processes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.rate_limits.status import CounterState, Window

log = structlog.get_logger("app.limits")

_PREFIX = "interview-api:limit:"
_PATIENCE = 1.0
"""Timeout of Redis in seconds. It answers in under a millisecond, but this process may be busy, as when importing."""
_CONNECTIONS = 10
"""Maximum connections. Each is free after one command; opening one takes several round trips."""
_AWAY = 2.0
"""Seconds between attempts to reach an unavailable Redis."""

# Redis runs a script atomically: two concurrent requests cannot both take the last place. The script uses Redis's
# clock, because the processes' clocks may differ. A counter is a sorted set of requests by time in microseconds.
_ADD = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local counts, full = {}, 0
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i]), ARGV[2 * i + 1] * 1000000
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    counts[i] = redis.call('ZCARD', key)
    if full == 0 and counts[i] >= limit then full = i end
end
local answer = {full}
for i, key in ipairs(KEYS) do
    local seconds = ARGV[2 * i + 1]
    if full == 0 then
        redis.call('ZADD', key, now, ARGV[1])
        redis.call('EXPIRE', key, seconds)
        counts[i] = counts[i] + 1
    end
    local earliest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or now
    answer[2 * i] = counts[i]
    answer[2 * i + 1] = earliest + seconds * 1000000 - now
end
return answer
"""


class RedisStorage:
    """Counters that processes share while Redis is available."""

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_PATIENCE,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis(connection_pool=self._pool)
        self._add = self._redis.register_script(_ADD)
        self._away = False
        self._asked_again = 0.0

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[CounterState]] | None:
        """See CounterStorage; returns None while Redis is unavailable."""
        now = time.monotonic()
        if self._away and now < self._asked_again + _AWAY:
            return None
        self._asked_again = now
        limits = [number for window in windows for number in (window.limit, window.seconds)]
        try:
            full, *numbers = await self._add(keys=_keys(windows), args=[entry, *limits])
        except RedisError as error:
            self._lost(error)
            return None
        if self._away:
            self._away = False
            log.info("rate_limit_storage_recovered")
        counts = zip(numbers[::2], numbers[1::2], strict=True)
        return full - 1 if full else None, [CounterState(requests, left / 1_000_000) for requests, left in counts]

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """See CounterStorage; while Redis is unavailable the request counts until its window ends."""
        if self._away:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in _keys(windows):
                    pipeline.zrem(key, entry)
                await pipeline.execute()
        except RedisError as error:
            self._lost(error)

    def _lost(self, error: RedisError) -> None:
        if not self._away:
            self._away = True
            log.error(
                "rate_limit_storage_unavailable",
                error=type(error).__name__,
                hint="RATE_LIMIT_STORAGE is unreachable: each process counts separately until it recovers",
            )

    async def close(self) -> None:
        """Close its connections."""
        await self._pool.disconnect()


def _keys(windows: Sequence[Window]) -> list[str]:
    return [_PREFIX + window.key for window in windows]
