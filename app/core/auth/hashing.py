"""Threads for password hashing. A hash takes as long as a hundred requests, on purpose."""

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
"""Jobs that may wait for each thread: about two seconds of work."""
_PATIENCE = 0.5
"""Seconds that a job waits for a place in the queue: long enough for a burst of cheap jobs to end."""
_TRY_AGAIN = 2
"""Retry-After in seconds."""


class HashingThreads:
    """The hashing threads of one process: half the cores, so that other requests are still served.

    They are separate from asyncio's default threads: file work does not wait for passwords, nor passwords for files.
    """

    def __init__(self, threads: int | None = None) -> None:
        threads = threads or max(1, _cores() // 2)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._places = asyncio.Semaphore(threads * (1 + _WAITING))

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in a thread and return its result, or raise Unavailable if too many jobs wait.

        A job whose caller is cancelled while it waits is never started.
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
        """Start no more jobs; running jobs finish in their threads."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _take_place(self) -> None:
        try:
            async with timeout(_PATIENCE):
                await self._places.acquire()
        except asyncio.TimeoutError as error:
            raise Unavailable("Too many passwords are being checked: try again.", retry_after=_TRY_AGAIN) from error

    def _leave_place(self, loop: asyncio.AbstractEventLoop, _job: Future[R]) -> None:
        """Release the job's place when it ends, in its thread: a job without a caller keeps its place until then."""
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._places.release)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
