"""A load client with little overhead: prebuilt bytes, keep-alive, minimal parsing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvloop

from tests.fixtures.callers import bearer

CONNECTIONS = 16
_HEAD_END = b"\r\n\r\n"
_PATIENCE = 60.0
"""Seconds without which even a turn of a busy server is over."""


@dataclass(frozen=True)
class Request:
    """`line` is "METHOD /path"; a body is sent as JSON; `credential` is an access token or an API key."""

    line: str
    body: object = None
    credential: str | None = None

    @property
    def content(self) -> bytes:
        """The body."""
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with it."""
        always = {"Content-Type": "application/json", "Content-Length": str(len(self.content))}
        return {**always, **bearer(self.credential)} if self.credential else always

    @property
    def encoded(self) -> bytes:
        """As it goes over the wire, for a connection that is kept."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **self.headers}.items())
        return f"{self.line} HTTP/1.1\r\n{lines}\r\n".encode() + self.content


@dataclass(frozen=True)
class Call:
    """A request, and what the body of its response must contain."""

    request: bytes
    expected: bytes


@dataclass
class Load:
    """What a server did: answers within the measured window and the seconds of each; in all, answers and wrong ones."""

    seconds: float
    waits: list[float] = field(default_factory=list)
    total: int = 0
    wrong: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    def wait(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))]


def drive(
    port: int,
    calls: Sequence[Call],
    *,
    seconds: float,
    warm_up: float = 0,
    at_least: int = 0,
    connections: int = CONNECTIONS,
) -> Load:
    """Make the calls in turn, again and again, on all connections at once, and longer until there are `at_least`.

    Raises ConnectionError when the server closes a connection, TimeoutError when it falls silent.
    """

    async def run() -> Load:
        begin = asyncio.get_running_loop().time() + warm_up
        plan = _Plan(itertools.cycle(calls), Load(seconds), begin, at_least)
        await asyncio.wait_for(_drive(port, plan, connections), warm_up + seconds + _PATIENCE)
        return plan.load

    return uvloop.run(run())


async def _drive(port: int, plan: _Plan, number: int) -> None:
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(number):
        transport, connection = await loop.create_connection(lambda: _Connection(plan), "127.0.0.1", port)
        connection.start(transport)
        connections.append(connection)
    await asyncio.gather(*(connection.end for connection in connections))


@dataclass(frozen=True)
class _Plan:
    """What all connections share; `begin` is the loop's time at which the measured window starts."""

    calls: Iterator[Call]
    load: Load
    begin: float
    at_least: int


class _Connection(asyncio.Protocol):
    """One request at a time, until the measured window is over."""

    def __init__(self, plan: _Plan) -> None:
        loop = asyncio.get_running_loop()
        self.end: asyncio.Future[None] = loop.create_future()
        self._plan = plan
        self._now = loop.time
        self._received = b""
        self._size = 0

    def start(self, transport: asyncio.Transport) -> None:
        """Make the first call."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._size:
            self._size = _response_size(self._received)
        if self._size and len(self._received) >= self._size:
            self._on_response()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.end.done():
            self.end.set_exception(ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self._received, self._size = b"", 0
        self._call, self._sent = next(self._plan.calls), self._now()
        self._transport.write(self._call.request)

    def _on_response(self) -> None:
        plan, load = self._plan, self._plan.load
        now = self._now()
        elapsed = now - plan.begin
        load.total += 1
        if 0 <= elapsed < load.seconds:
            load.waits.append(now - self._sent)
        load.wrong += not self._received.startswith(b"HTTP/1.1 200 ") or self._call.expected not in self._received
        if elapsed < load.seconds or load.total < plan.at_least:
            self._send()
            return
        self.end.set_result(None)
        self._transport.close()


def _response_size(received: bytes) -> int:
    """Bytes of head and body; 0 while the head is incomplete."""
    end = received.find(_HEAD_END)
    if end < 0:
        return 0
    _, found, rest = received[:end].lower().partition(b"content-length:")
    if not found:
        raise ValueError("the response has no Content-Length")
    return end + len(_HEAD_END) + int(rest.partition(b"\r\n")[0])
