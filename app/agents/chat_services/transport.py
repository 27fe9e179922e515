"""Read the responses of providers within limits: decompressed bytes, events and JSON depth."""

from __future__ import annotations

import asyncio
import codecs
import json
import math
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import httpx2
import openai

from app.agents.deadline import timeout
from app.core.errors import UpstreamFailed

MAX_DOCUMENT = 1024 * 1024
"""Maximum bytes of a JSON body, or of one event of a stream."""
MAX_STREAM = 16 * 1024 * 1024
"""Maximum bytes of a stream, and of any body, after decompression."""
MAX_EVENTS = 16_384
_MAX_ERROR = 256 * 1024
"""Bytes that are read of an error's body. The rest is ignored."""

_PIECE = 64 * 1024
"""Maximum bytes decompressed at once."""
_EVENTS_AT_ONCE = 64
"""Number of events after which the reader yields to the event loop, even if more events have arrived."""
_MAX_DIGITS = 19
"""Maximum digits of an integer in JSON."""
_DRAIN_SECONDS = 0.1
_DONE = "[DONE]"
_TOO_LONG = "The model's answer is too long."


class NotUnderstood(UpstreamFailed):
    """The provider's answer is not a chat completion."""

    def __init__(self) -> None:
        super().__init__("The model provider's answer could not be understood.")


def bounded_client(timeout: float) -> httpx2.AsyncClient:
    """Build an HTTP client whose responses raise an error beyond a size limit."""
    return openai.DefaultAsyncHttpxClient(
        timeout=timeout, headers={"Accept-Encoding": "identity"}, event_hooks={"response": [_bound]}
    )


async def _bound(response: httpx2.Response) -> None:
    encoding = response.headers.pop("content-encoding", "identity").strip().lower()
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # of an async client  # noqa: S101  # nosec B101
    response.stream = _BoundedStream(response.stream, encoding, is_error=response.is_error)


class _BoundedStream(httpx2.AsyncByteStream):
    """Decompresses within a limit: the client's own decoder decompresses each piece to any size."""

    def __init__(self, stream: httpx2.AsyncByteStream, encoding: str, *, is_error: bool) -> None:
        self._stream = stream
        self._encoding = encoding
        self._is_error = is_error
        self._left = _MAX_ERROR if is_error else MAX_STREAM

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpacker = _unpacker(self._encoding)
        async for part in self._stream:
            for plain in _unpacked(part, unpacker) if unpacker else (part,):
                if len(plain) > self._left:
                    if self._is_error:
                        return
                    raise UpstreamFailed(_TOO_LONG)
                self._left -= len(plain)
                yield plain

    async def aclose(self) -> None:
        await self._stream.aclose()


def _unpacker(encoding: str) -> zlib._Decompress | None:
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)
    raise NotUnderstood


def _unpacked(part: bytes, unpacker: zlib._Decompress) -> Iterator[bytes]:
    """Decompress in small pieces: the result can be a thousand times as large."""
    while part:
        if plain := unpacker.decompress(part, _PIECE):
            yield plain
        part = unpacker.unconsumed_tail


async def documents(response: httpx2.Response) -> AsyncIterator[object]:
    """Yield the JSON documents of a response: its events, or its only body. [DONE] becomes None.

    The first byte of the body decides: some servers stream without being asked, or do not stream when asked.
    """
    parts = response.aiter_bytes()
    start = await _first(parts)
    if start[:1] in (b"{", b"["):
        yield loads(await _whole(start, parts))
        return
    async for document in _events(start, parts):
        yield document


async def drain(answer: AsyncIterator[object]) -> None:
    """Read to the end after [DONE], so that the connection can be reused. Give up if the server does not end it."""
    with suppress(asyncio.TimeoutError, NotUnderstood):
        async with timeout(_DRAIN_SECONDS):
            async for _ in answer:
                pass


async def _first(parts: AsyncIterator[bytes]) -> bytes:
    """Return the first bytes of the body after the blanks that some servers send while the model thinks."""
    start = b""
    blanks = 0
    async for part in parts:
        start = (start + part).removeprefix(codecs.BOM_UTF8).lstrip()
        if start and not codecs.BOM_UTF8.startswith(start):
            break
        blanks += len(part)
        if blanks > MAX_DOCUMENT:
            raise UpstreamFailed(_TOO_LONG)
    return start


async def _whole(start: bytes, parts: AsyncIterator[bytes]) -> bytes:
    body = bytearray(start)
    async for part in parts:
        if len(body) > MAX_DOCUMENT:
            break
        body += part
    if len(body) > MAX_DOCUMENT:
        raise UpstreamFailed(_TOO_LONG)
    return bytes(body)


async def _events(start: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[object]:
    data: list[str] = []
    count = 0
    async for line in _lines(start, parts):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        if field and not (len(data) == 1 and _is_whole(data[0])):
            continue
        if not data:
            continue
        count += 1
        if count > MAX_EVENTS:
            raise UpstreamFailed(_TOO_LONG)
        if count % _EVENTS_AT_ONCE == 0:
            await asyncio.sleep(0)
        text, data = "\n".join(data).strip(), []
        if text == _DONE:
            yield None
        elif text:
            yield loads(text)


def _is_whole(data: str) -> bool:
    """Return whether an event is complete: some servers omit the empty line after it."""
    return data.rstrip().endswith(("}", _DONE))


async def _lines(start: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield the lines. They end with LF or CR LF; the last line needs no end."""
    pending = bytearray(start)
    searched = 0
    while True:
        while (end := pending.find(b"\n", searched)) >= 0:
            yield pending[:end].rstrip(b"\r").decode("utf-8", "replace")
            del pending[: end + 1]
            searched = 0
        if len(pending) > MAX_DOCUMENT:
            raise UpstreamFailed(_TOO_LONG)
        searched = len(pending)
        part = await anext(parts, None)
        if part is None:
            break
        pending += part
    if pending:
        yield pending.decode("utf-8", "replace")
    yield ""


def loads(text: str | bytes) -> object:
    """Parse JSON of a model or a provider. Raise NotUnderstood if it is invalid, nested too deeply or not UTF-8.

    Numbers with too many digits, infinity and NaN become strings, which later checks reject where they need a number.
    """
    try:
        document: object = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood from error
    return document


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits[:_MAX_DIGITS]


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits[:_MAX_DIGITS]
