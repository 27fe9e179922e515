"""Fair turns in front of the connection pool: connections are handed out in order of arrival.

SQLAlchemy's queue gives a returned connection to the next caller, even when others wait: they wake one iteration of the
event loop later, find nothing, and queue again at the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection


class PoolTurns:
    """One place for each connection of the pool, given to waiting tasks in order of arrival.

    No place is free while a task waits. All calls come from one event loop.
    """

    def __init__(self, places: int, timeout: float) -> None:
        """`timeout` is in seconds."""
        self._places = self._free = places
        self._timeout = timeout
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place, or raise the pool's TimeoutError if none becomes free in time."""
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(self._timeout, self._expire, turn)
        try:
            await turn
        except BaseException:
            self._leave(turn)
            raise
        finally:
            timer.cancel()

    def give_back(self) -> None:
        """Give the place to the first task that still waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _leave(self, turn: asyncio.Future[None]) -> None:
        """Stop waiting. A task that has its place when it is cancelled gives it to the next task."""
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self.give_back()
        else:
            with suppress(ValueError):  # `give_back` may have removed it already
                self._waiting.remove(turn)

    def _expire(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            problem = f"Connection pool limit of {self._places} reached, timeout {self._timeout:.2f}"
            turn.set_exception(PoolTimeout(problem, code="3o7r"))


class PooledConnection(AbstractAsyncContextManager[AsyncConnection]):
    """A connection that is checked out in order of arrival. Its place is given on when it is back in the pool."""

    __slots__ = ("_connection", "_turns")

    def __init__(self, connection: AsyncConnection, turns: PoolTurns) -> None:
        """`connection` must not be started yet."""
        self._connection = connection
        self._turns = turns

    async def __aenter__(self) -> AsyncConnection:
        await self._turns.take()
        try:
            return await self._open()
        except BaseException:
            self._turns.give_back()
            raise

    async def _open(self) -> AsyncConnection:
        return await self._connection.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._connection.__aexit__(kind, error, traceback)
        finally:
            self._turns.give_back()


class WhollyOpenedConnection(PooledConnection):
    """A PooledConnection for SQLite, which opens to the end even if its task is cancelled.

    SQLAlchemy sets the isolation level after the check-out and waits for SQLite's thread. Cancelled there, it loses
    the connection, and an in-memory database is closed with it.
    """

    __slots__ = ()

    async def _open(self) -> AsyncConnection:
        opening = asyncio.ensure_future(self._connection.start())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._abandon)
            raise

    def _abandon(self, opening: asyncio.Future[AsyncConnection]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            closing = asyncio.ensure_future(self._connection.close())
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)


_closing: set[asyncio.Future[None]] = set()
