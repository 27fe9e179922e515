"""Shutdown: requests have a grace period. Those that wait for a model after it fail with Unavailable."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import structlog

from app.core.errors import Unavailable

_T = TypeVar("_T")

_Handler = Callable[[int, FrameType | None], Any]

log = structlog.get_logger("app.api")


class Shutdown:
    """Ends an application's waiting requests `grace` seconds after SIGTERM or SIGINT.

    A server notifies the application only when no request is left, and cancels requests that take too long, which
    their clients see as aborted connections.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._begun = False

    async def run_until_deadline(self, work: Awaitable[_T]) -> _T:
        """Return `work`'s result. If the grace period ends first, cancel the work and raise Unavailable."""
        working = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {working, self._over}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise Unavailable("The service is shutting down: try again.", retry_after=1)
            return working.result()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    @contextmanager
    def handling_signals(self) -> Iterator[None]:
        """Handle signals, then pass them to the server; without a server, they end the process at once."""
        server = self._servers_handlers()
        for number in server:
            signal.signal(number, lambda number, frame: self._signalled(server[number], number, frame))
        try:
            yield
        finally:
            for number, handler in server.items():
                signal.signal(number, handler)

    @staticmethod
    def _servers_handlers() -> dict[int, _Handler]:
        if threading.current_thread() is not threading.main_thread() or not callable(signal.getsignal(signal.SIGTERM)):
            return {}
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        return {number: handler for number, handler in handlers.items() if callable(handler)}

    def _signalled(self, server: _Handler, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM and self._begun:
            return  # Ctrl-C reaches workers twice: from the terminal, and as their supervisor's SIGTERM
        if not self._begun:
            self._begun = True
            self._loop.call_soon_threadsafe(self._loop.call_later, self._grace, self._give_up)
        # uvicorn exits by the signal it receives: status 143 for SIGTERM, but 0 for SIGINT.
        server(signal.SIGINT, frame)

    def _give_up(self) -> None:
        log.warning("shutdown_grace_expired", seconds=self._grace)
        self._over.set_result(None)
