"""Rate limits: a maximum of requests in a sliding window, in one counter or in several at once.

Each process counts separately, or all share counters in Redis. While Redis is unavailable each process counts
separately again: no request waits or fails because of it, and the limits stay in force.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Literal

from limits import RateLimitItem

from app.core.rate_limits.memory import MemoryStorage
from app.core.rate_limits.status import Counter, CounterState, CounterStorage, RateLimitStatus, Reservation, Window
from app.core.settings import Settings
from app.core.settings_validators import limit_of

if TYPE_CHECKING:
    from app.core.rate_limits.redis import RedisStorage

LimitName = Literal["ai", "auth"]


class Limiter:
    """The rate limiter of one process."""

    def __init__(self, settings: Settings) -> None:
        self._limits: dict[LimitName, RateLimitItem | None] = {
            "ai": limit_of(settings.rate_limit_ai),
            "auth": limit_of(settings.rate_limit_auth),
        }
        self._memory = MemoryStorage()
        secret = settings.rate_limit_storage
        self._redis = _redis_storage(secret.get_secret_value()) if secret else None

    async def reserve(self, name: LimitName, *counters: Counter) -> Reservation | None:
        """Count a request in all counters, or in none if one is full. Return None if the limit is off."""
        item = self._limits[name]
        if item is None:
            return None
        reservation = await self._reserve(tuple(_window(name, one, item) for one in counters))
        if reservation.full is None or (other := counters[reservation.full].instead) is None:
            return reservation
        others = (*counters[: reservation.full], other, *counters[reservation.full + 1 :])
        return await self._reserve(tuple(_window(name, one, item) for one in others))

    async def _reserve(self, windows: tuple[Window, ...]) -> Reservation:
        entry = uuid.uuid4().hex
        if self._redis and (counts := await self._redis.add(entry, windows)):
            return _reservation(entry, windows, counts, self._redis)
        return _reservation(entry, windows, await self._memory.add(entry, windows), self._memory)

    async def give_back(self, reservation: Reservation | None) -> None:
        """Remove the request from its counters."""
        if reservation is not None and reservation.full is None:
            await reservation.storage.remove(reservation.entry, reservation.windows)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis:
            await self._redis.close()


def _redis_storage(url: str) -> RedisStorage:
    # Imported only if it is used: its client takes a tenth of the start-up time.
    from app.core.rate_limits.redis import RedisStorage

    return RedisStorage(url)


def _window(name: LimitName, counter: Counter, item: RateLimitItem) -> Window:
    limit = 1 if counter.only_one else item.amount * counter.times
    return Window(f"{name}:{counter.key}", limit, item.get_expiry())


def _reservation(
    entry: str, windows: tuple[Window, ...], counts: tuple[int | None, list[CounterState]], storage: CounterStorage
) -> Reservation:
    full, states = counts
    statuses = (
        RateLimitStatus(
            limit=window.limit,
            window=window.seconds,
            remaining=max(0, window.limit - state.requests),
            reset=max(1, math.ceil(state.seconds)),
        )
        for window, state in zip(windows, states, strict=True)
    )
    return Reservation(entry, windows, tuple(statuses), full, storage)
