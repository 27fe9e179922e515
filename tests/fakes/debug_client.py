"""An editor's side of the Debug Adapter Protocol, as far as attaching and looking around needs it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS = 60.0
_POLL_SECONDS = 0.05

Message = dict[str, Any]


@dataclass(frozen=True)
class Stop:
    """Where the program stands, innermost frame."""

    thread: int
    frame: int
    function: str
    path: str
    line: int


@dataclass(frozen=True)
class Mapped:
    """A folder as the editor sees it, and the same folder as the program does."""

    local: Path
    remote: Path


class DebugClient:
    """One session; see `connected`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._stops: asyncio.Queue[Message] = asyncio.Queue()
        self._initialized = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(reader))

    async def attach(self, breakpoints: Mapping[Path, Sequence[int]], *, mapped: Mapped | None = None) -> None:
        """Attach with these breakpoints, at lines counted from 1; a program that waits goes on."""
        folders = [{"localRoot": str(mapped.local), "remoteRoot": str(mapped.remote)}] if mapped else []
        # Answered only after configurationDone, unless it fails.
        attached = asyncio.create_task(self._ask("attach", justMyCode=False, pathMappings=folders))
        ready = asyncio.create_task(self._initialized.wait())
        try:
            either: set[asyncio.Future[Any]] = {attached, ready}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if attached.done():
                attached.result()
            for path, lines in breakpoints.items():
                wanted = [{"line": line} for line in lines]
                answer = await self._ask("setBreakpoints", source={"path": str(path)}, breakpoints=wanted)
                if not all(point["verified"] for point in answer["breakpoints"]):
                    raise RuntimeError(f"no breakpoint could be set in {path}: {answer}")
            await self._ask("configurationDone")
            await attached
        finally:
            attached.cancel()
            ready.cancel()

    async def stopped(self) -> Stop:
        """The next hit of a breakpoint."""
        event = await self._first(asyncio.create_task(self._stops.get()))
        if event["reason"] != "breakpoint":
            raise RuntimeError(f"stopped for another reason: {event}")
        thread = event["threadId"]
        frame = (await self._ask("stackTrace", threadId=thread, levels=1))["stackFrames"][0]
        return Stop(thread, frame["id"], frame["name"], frame["source"]["path"], frame["line"])

    async def variables(self, stop: Stop) -> dict[str, str]:
        """The local variables there, as the editor shows them."""
        scopes = (await self._ask("scopes", frameId=stop.frame))["scopes"]
        reference = next(scope["variablesReference"] for scope in scopes if scope["name"] == "Locals")
        found = (await self._ask("variables", variablesReference=reference))["variables"]
        return {variable["name"]: variable["value"] for variable in found}

    async def proceed(self, stop: Stop) -> None:
        """Let the program go on."""
        await self._ask("continue", threadId=stop.thread)

    async def disconnect(self) -> None:
        """Leave the program running."""
        await self._ask("disconnect", terminateDebuggee=False)

    async def initialize(self) -> None:
        """Introduce ourselves: what every session begins with."""
        await self._ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        self._listening.cancel()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _ask(self, command: str, **arguments: Any) -> Message:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        request = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        content = json.dumps(request).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        response = await self._first(answer)
        if not response["success"]:
            raise RuntimeError(f"{command} failed: {response.get('message')}")
        body: Message = response.get("body") or {}
        return body

    async def _first(self, awaited: asyncio.Future[Message]) -> Message:
        """What is awaited, unless the connection ends before or too much time passes."""
        either: set[asyncio.Future[Any]] = {awaited, self._listening}
        await asyncio.wait(either, timeout=_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if awaited.done():
            return awaited.result()
        awaited.cancel()
        if self._listening.done():
            raise ConnectionError("the debugger closed the connection")
        raise TimeoutError("the debugger did not answer")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in header.split(b"\r\n") if line.startswith(b"Content-Length:"))
                self._take(json.loads(await reader.readexactly(length)))

    def _take(self, message: Message) -> None:
        if message["type"] == "response":
            answer = self._answers.pop(message["request_seq"])
            if not answer.done():
                answer.set_result(message)
        elif message.get("event") == "initialized":
            self._initialized.set()
        elif message.get("event") == "stopped":
            self._stops.put_nowait(message["body"])


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[DebugClient]:
    """A client of the debugger on this port, which may be about to start.

    The first connection that is accepted is the one that is used: one that only looks whether somebody listens can
    keep debugpy from accepting the next.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + _SECONDS
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            if clock.time() > deadline:
                raise
            await asyncio.sleep(_POLL_SECONDS)
    client = DebugClient(reader, writer)
    try:
        await client.initialize()
        yield client
    finally:
        await client.close()
