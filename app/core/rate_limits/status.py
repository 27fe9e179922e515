"""Rate limits as data: counters, their state in a storage, and the status that responses report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Counter(NamedTuple):
    """A counter that a request is counted in: its key, and how much it allows."""

    key: str
    times: int = 1
    """How many times the configured limit."""
    only_one: bool = False
    """A single request in a window, whatever the limit."""
    instead: Counter | None = None
    """The counter to use in the place of this one when it is full."""


class Window(NamedTuple):
    """A counter in full: at most `limit` requests in any `seconds`."""

    key: str
    limit: int
    seconds: int


class CounterState(NamedTuple):
    """A counter's state: the requests in it, and the seconds until the earliest of them leaves it."""

    requests: int
    seconds: float


class CounterStorage(Protocol):
    """Stores counters: in memory or in Redis."""

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[CounterState]] | None:
        """Count the request in all windows, or in none when one is full.

        Returns the index of the first full one, and the state of each; None when nothing can be counted here.
        """

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """Remove the request from its counters."""


@dataclass(frozen=True)
class RateLimitStatus:
    """What the `RateLimit-*` headers say."""

    limit: int
    window: int
    """Seconds."""
    remaining: int
    reset: int
    """Seconds until the earliest counted request leaves the window."""


@dataclass(frozen=True)
class Reservation:
    """One request, counted in every one of its counters; in none of them where one was full."""

    entry: str
    windows: tuple[Window, ...]
    statuses: tuple[RateLimitStatus, ...]
    full: int | None
    """The index of the counter that was full."""
    storage: CounterStorage

    @property
    def nearest(self) -> RateLimitStatus:
        """The status of the full counter, else of the one that is nearest to full."""
        if self.full is not None:
            return self.statuses[self.full]
        return min(self.statuses, key=lambda status: status.remaining)

    @property
    def counted_by(self) -> str | None:
        """What the counter that was full counts by: the first word of its key."""
        return None if self.full is None else self.windows[self.full].key.split(":")[1]
