"""One HTTP request and its response, which ends if the client disconnects."""

from __future__ import annotations

import asyncio
import time

from starlette.types import Receive, Send

from tests.fakes.openai_plan import End, Plan


class GoneError(Exception):
    """The client has disconnected, or the server is being stopped."""


class Exchange:
    """Plays a plan to a client. `watchers` is where the server finds the exchanges to end when it stops."""

    def __init__(self, receive: Receive, send: Send, watchers: set[asyncio.Task[None]]) -> None:
        self._receive = receive
        self._send = send
        self._watchers = watchers
        self._watcher: asyncio.Task[None] | None = None
        self.sent: list[float] = []
        """When each part of the response was sent, by `time.monotonic()`."""
        self.client_left = False
        """Whether the client disconnected before the response was complete."""

    async def read_body(self) -> bytes:
        """The whole request body. Raises GoneError when the client leaves while sending it."""
        body = b""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            chunk: bytes = message.get("body", b"")
            body += chunk
            if not message.get("more_body", False):
                return body

    async def pause(self, seconds: float | None) -> None:
        """Wait for so long, or forever with None. Raises GoneError as soon as the client leaves."""
        if seconds is not None and seconds <= 0:
            return
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
            self._watchers.add(self._watcher)
        await asyncio.wait({self._watcher}, timeout=seconds)
        if self._watcher.done():
            self.client_left = not self._watcher.cancelled()
            raise GoneError

    async def play(self, plan: Plan, chunk_delay: float) -> None:
        """Send the response. Returning without its end makes uvicorn close the connection: that is a drop."""
        if plan.parts == ():
            await self.pause(None)
        await self._start(plan)
        if plan.pace is not None:
            await self._play_slowly(plan, plan.pace)
        else:
            await self._play_parts(plan, tuple(plan.parts), chunk_delay)
        if plan.end is End.HANG:
            await self.pause(None)

    def close(self) -> None:
        """Stop watching the client."""
        if self._watcher is not None:
            self._watcher.cancel()
            self._watchers.discard(self._watcher)

    async def _start(self, plan: Plan) -> None:
        headers = [(b"content-type", plan.content_type.encode())]
        headers += [(name.encode(), value.encode()) for name, value in plan.headers]
        if plan.length is not None:
            headers.append((b"content-length", str(plan.length).encode()))
        await self._send({"type": "http.response.start", "status": plan.status, "headers": headers})

    async def _play_parts(self, plan: Plan, parts: tuple[bytes, ...], chunk_delay: float) -> None:
        # One write instead of many where nobody can tell the difference: load tests pay for each.
        parts = parts if chunk_delay > 0 else (b"".join(parts),)
        for i, part in enumerate(parts):
            if i:
                await self.pause(chunk_delay)
            await self._send_part(part, more=i < len(parts) - 1 or plan.end is not End.COMPLETE)

    async def _play_slowly(self, plan: Plan, pace: float) -> None:
        for part in plan.parts:
            await self._send_part(part, more=True)
            await self.pause(pace)
        if plan.end is End.COMPLETE:
            await self._send_part(b"", more=False)

    async def _send_part(self, part: bytes, *, more: bool) -> None:
        self.sent.append(time.monotonic())
        await self._send({"type": "http.response.body", "body": part, "more_body": more})

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
