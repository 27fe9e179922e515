"""Rate limits as data: counters, their state in a storage, and the status that responses report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Counter(NamedTuple):
    """A counter of requests: its key and its limit."""

    key: str
    times: int = 1
    """Factor of the configured limit."""
    only_one: bool = False
    """Allow one request in a window, whatever the limit."""
    instead: Counter | None = None
    """The counter to use if this one is full."""


class Window(NamedTuple):
    """A counter with its limit: at most `limit` requests in any `seconds`."""

    key: str
    limit: int
    seconds: int


class CounterState(NamedTuple):
    """A counter's state: its requests, and the seconds until the earliest of them leaves it."""

    requests: int
    seconds: float


class CounterStorage(Protocol):
    """Stores counters: in memory or in Redis."""

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[CounterState]] | None:
        """Count the request in all windows, or in none if one is full.

        Return the index of the first full window, if any, and the state of each; None if the storage is unavailable.
        """

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """Remove the request from its counters."""


@dataclass(frozen=True)
class RateLimitStatus:
    """The values of the `RateLimit-*` headers."""

    limit: int
    window: int
    """Seconds."""
    remaining: int
    reset: int
    """Seconds until the earliest counted request leaves the window."""


@dataclass(frozen=True)
class Reservation:
    """A request that is counted in all of its counters, or in none if one is full."""

    entry: str
    windows: tuple[Window, ...]
    statuses: tuple[RateLimitStatus, ...]
    full: int | None
    """The index of the full counter, if any."""
    storage: CounterStorage

    @property
    def nearest(self) -> RateLimitStatus:
        """The status of the full counter, else of the counter that is closest to full."""
        if self.full is not None:
            return self.statuses[self.full]
        return min(self.statuses, key=lambda status: status.remaining)

    @property
    def counted_by(self) -> str | None:
        """The property that the full counter counts by: the first word of its key."""
        return None if self.full is None else self.windows[self.full].key.split(":")[1]
