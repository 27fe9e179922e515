"""Counters in the memory of one process."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.core.rate_limits.status import CounterState, Window

_SWEEP = 60.0
"""Seconds between two removals of empty counters."""


class MemoryStorage:
    """Counters of this process. Counting awaits nothing, so concurrent requests are counted one after another."""

    def __init__(self) -> None:
        self._ends: dict[str, dict[str, float]] = {}
        """For each counter, the times at which its requests leave it, the earliest first."""
        self._swept = time.monotonic()

    async def add(self, entry: str, windows: Sequence[Window]) -> tuple[int | None, list[CounterState]]:
        """See CounterStorage."""
        now = time.monotonic()
        self._sweep(now)
        requests = [self._current(window.key, now) for window in windows]
        full = next((i for i, window in enumerate(windows) if len(requests[i]) >= window.limit), None)
        if full is None:
            for window, counted in zip(windows, requests, strict=True):
                counted[entry] = now + window.seconds
                self._ends[window.key] = counted
        return full, [
            CounterState(len(counted), next(iter(counted.values()), now + window.seconds) - now)
            for window, counted in zip(windows, requests, strict=True)
        ]

    async def remove(self, entry: str, windows: Sequence[Window]) -> None:
        """See CounterStorage."""
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
