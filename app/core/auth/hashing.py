"""Threads that hash passwords and do nothing else: a hash takes as long as a hundred requests, on purpose."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

from app.core.errors import Unavailable

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

P = ParamSpec("P")
R = TypeVar("R")

_WAITING = 8
"""Jobs that wait for each thread: some two seconds' work."""
_PATIENCE = 0.5
"""Seconds that a job waits for its place among them: a burst of cheap ones is over by then."""
_TRY_AGAIN = 2
"""Seconds."""


class HashingThreads:
    """One process's: half the cores, so that the rest answers what needs no password.

    Imports and files, which asyncio's own threads are for, do not wait behind passwords, nor the other way round.
    """

    def __init__(self, threads: int | None = None) -> None:
        threads = threads or max(1, _cores() // 2)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._places = asyncio.Semaphore(threads * (1 + _WAITING))

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result; raises Unavailable when too many wait.

        A job that still waits when its caller is cancelled is never begun.
        """
        await self._take_place()
        try:
            job = self._executor.submit(function, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        job.add_done_callback(partial(self._leave_place, asyncio.get_running_loop()))
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Begin no more jobs; one that is under way finishes in its thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _take_place(self) -> None:
        try:
            async with timeout(_PATIENCE):
                await self._places.acquire()
        except asyncio.TimeoutError as error:
            raise Unavailable("Too many passwords are being checked: try again.", retry_after=_TRY_AGAIN) from error

    def _leave_place(self, loop: asyncio.AbstractEventLoop, _job: Future[R]) -> None:
        """Called in the job's thread: a job that nobody waits for any more has its place until it ends."""
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._places.release)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
