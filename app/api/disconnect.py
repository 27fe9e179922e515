"""Clients that disconnect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request

from app.api.shutdown import Shutdown

_T = TypeVar("_T")


class ClientGone(Exception):
    """The client closed the connection before the response."""


async def until_disconnect(request: Request, work: Awaitable[_T]) -> _T:
    """Return `work`'s result. If the client disconnects first, cancel the work and raise ClientGone.

    Raises Unavailable when the shutdown's grace period ends first. The server itself does not cancel a request whose
    client has disconnected, and a model call costs money.
    """
    shutdown: Shutdown = request.app.state.shutdown
    working = asyncio.ensure_future(shutdown.run_until_deadline(work))
    watching = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
