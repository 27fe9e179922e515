"""The processor time of the HTTP protocol for a request, without a socket: too little for windows of load."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import uvloop
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.api.protocol import BoundedHttpProtocol

_BATCH = 300
_ROUNDS = 60


class _Nowhere(asyncio.Transport):
    """A connection whose other end takes everything."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        return

    def is_closing(self) -> bool:
        return False


async def _answer(_scope: object, _receive: object, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


def seconds_for_bounds(request: bytes) -> float:
    """How much longer than uvicorn's own protocol the bounded one takes for this request, in processor time."""
    return uvloop.run(_difference(request))


async def _difference(request: bytes) -> float:
    protocols = [_connected(kind) for kind in (HttpToolsProtocol, BoundedHttpProtocol)]
    rounds = [[await _seconds(protocol, request) for protocol in protocols] for _ in range(_ROUNDS)]
    return median(bounded for _, bounded in rounds) - median(plain for plain, _ in rounds)


def _connected(kind: type[HttpToolsProtocol]) -> HttpToolsProtocol:
    config = Config(_answer, log_config=None, access_log=False)
    config.load()
    protocol = kind(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(_Nowhere())
    return protocol


async def _seconds(protocol: HttpToolsProtocol, request: bytes) -> float:
    started = time.process_time()
    for _ in range(_BATCH):
        protocol.data_received(request)
        while not protocol.cycle.response_complete:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
    return (time.process_time() - started) / _BATCH
