"""Rate limits: at most so many requests in any window of time, in one counter or in several at once.

Each process counts for itself, or all together in Redis. While Redis cannot be used, each counts for itself again:
no request waits or fails for that, and the limits stay in force.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from limits import RateLimitItem

from app.core.settings import Settings
from app.core.settings_validators import limit_of

if TYPE_CHECKING:
    from app.core.redis_counting import RedisCounters

LimitName = Literal["ai", "auth"]

_SWEEP = 60.0
"""Seconds between two searches for counters that are empty."""


class Counted(NamedTuple):
    """A counter that a request is counted in: its key, and how much it allows."""

    key: str
    times: int = 1
    """How many times the configured limit."""
    only_one: bool = False
    """A single request in a window, whatever the limit."""
    instead: Counted | None = None
    """The counter to use in the place of this one when it is full."""


class Window(NamedTuple):
    """A counter in full: at most `limit` requests in any `seconds`."""

    key: str
    limit: int
    seconds: int


class Count(NamedTuple):
    """A counter's state: the requests in it, and the seconds until the earliest of them leaves it."""

    requests: int
    seconds: float


class Counters(Protocol):
    """Where requests are counted."""

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[Count]] | None:
        """Count the request in all windows, or in none when one is full.

        Returns the index of the first full one, and the state of each; None when nothing can be counted here.
        """

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """Count the request no more."""


@dataclass(frozen=True)
class Standing:
    """Where a caller stands. `reset`: in so many seconds the earliest of what was counted counts no more."""

    limit: int
    window: int
    """Seconds."""
    remaining: int
    reset: int


@dataclass(frozen=True)
class Reservation:
    """One request, counted in every one of its counters; in none of them where one was full."""

    entry: str
    windows: tuple[Window, ...]
    standings: tuple[Standing, ...]
    full: int | None
    """The index of the counter that was full."""
    counters: Counters

    @property
    def nearest(self) -> Standing:
        """The standing in the counter that was full, else in the one that is nearest to that."""
        if self.full is not None:
            return self.standings[self.full]
        return min(self.standings, key=lambda standing: standing.remaining)

    @property
    def counted_by(self) -> str | None:
        """What the counter that was full counts by: the first word of its key."""
        return None if self.full is None else self.windows[self.full].key.split(":")[1]


class Limiter:
    """One process's."""

    def __init__(self, settings: Settings) -> None:
        self._limits: dict[LimitName, RateLimitItem | None] = {
            "ai": limit_of(settings.rate_limit_ai),
            "auth": limit_of(settings.rate_limit_auth),
        }
        self._own = MemoryCounters()
        secret = settings.rate_limit_storage
        # Imported only where it is used: its client takes a tenth of the time until the first answer.
        self._redis: RedisCounters | None = (
            import_module("app.core.redis_counting").RedisCounters(secret.get_secret_value()) if secret else None
        )

    async def reserve(self, name: LimitName, *counted: Counted) -> Reservation | None:
        """Count a request in all of these counters, or in none when one is full; None where nothing is limited."""
        item = self._limits[name]
        if item is None:
            return None
        reservation = await self._reserve(tuple(_window(name, one, item) for one in counted))
        if reservation.full is None or (other := counted[reservation.full].instead) is None:
            return reservation
        others = (*counted[: reservation.full], other, *counted[reservation.full + 1 :])
        return await self._reserve(tuple(_window(name, one, item) for one in others))

    async def _reserve(self, windows: tuple[Window, ...]) -> Reservation:
        entry = uuid.uuid4().hex
        if self._redis and (counts := await self._redis.add(entry, windows)):
            return _reservation(entry, windows, counts, self._redis)
        return _reservation(entry, windows, await self._own.add(entry, windows), self._own)

    async def give_back(self, reservation: Reservation | None) -> None:
        """Count the request no more."""
        if reservation is not None and reservation.full is None:
            await reservation.counters.remove(reservation.entry, reservation.windows)

    async def close(self) -> None:
        """Close what is open."""
        if self._redis:
            await self._redis.close()


def _window(name: LimitName, counted: Counted, item: RateLimitItem) -> Window:
    limit = 1 if counted.only_one else item.amount * counted.times
    return Window(f"{name}:{counted.key}", limit, item.get_expiry())


def _reservation(
    entry: str, windows: tuple[Window, ...], counts: tuple[int | None, list[Count]], counters: Counters
) -> Reservation:
    full, states = counts
    standings = (
        Standing(
            limit=window.limit,
            window=window.seconds,
            remaining=max(0, window.limit - state.requests),
            reset=max(1, math.ceil(state.seconds)),
        )
        for window, state in zip(windows, states, strict=True)
    )
    return Reservation(entry, windows, tuple(standings), full, counters)


class MemoryCounters:
    """Counters of this process alone. Nothing is awaited while counting, so requests at the same time take turns."""

    def __init__(self) -> None:
        self._ends: dict[str, dict[str, float]] = {}
        """When each request of a counter counts no more, the earliest first."""
        self._swept = time.monotonic()

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[Count]]:
        """See Counters."""
        now = time.monotonic()
        self._sweep(now)
        requests = [self._current(window.key, now) for window in windows]
        full = next((i for i, window in enumerate(windows) if len(requests[i]) >= window.limit), None)
        if full is None:
            for window, counted in zip(windows, requests, strict=True):
                counted[entry] = now + window.seconds
                self._ends[window.key] = counted
        return full, [
            Count(len(counted), next(iter(counted.values()), now + window.seconds) - now)
            for window, counted in zip(windows, requests, strict=True)
        ]

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """See Counters."""
        for window in windows:
            self._ends.get(window.key, {}).pop(entry, None)

    def _current(self, key: str, now: float) -> dict[str, float]:
        counted = self._ends.get(key, {})
        while counted and counted[first := next(iter(counted))] <= now:
            del counted[first]
        return counted

    def _sweep(self, now: float) -> None:
        if now < self._swept + _SWEEP:
            return
        self._swept = now
        for key in list(self._ends):
            if not self._current(key, now):
                del self._ends[key]
