"""Parsing a provider's response to JSON documents: framing, compression and limits."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.agents.chat_services.transport import NotUnderstood, bounded_client, documents, loads
from app.core.errors import UpstreamFailed

ONE = b'{"a": 1}'


async def read(body: bytes, *, size: int = 7, encoding: str = "identity") -> list[object]:
    """Return the documents of a body that arrives in pieces of this size."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    client = bounded_client(5)
    response = httpx2.Response(200, headers={"Content-Encoding": encoding}, content=pieces())
    for hook in client.event_hooks["response"]:
        await hook(response)
    found = [document async for document in documents(response)]
    await client.aclose()
    return found


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize(
    ("body", "found"),
    [
        (ONE, [{"a": 1}]),
        (b"\xef\xbb\xbf" + ONE, [{"a": 1}]),
        (b"\n  \n" + ONE, [{"a": 1}]),
        (b"data: " + ONE + b"\n\ndata: [DONE]\n\n", [{"a": 1}, None]),
        (b"data:" + ONE + b"\r\n\r\ndata:[DONE]\r\n\r\n", [{"a": 1}, None]),
        (b"data: " + ONE + b"\ndata: [DONE]", [{"a": 1}, None]),
        (b": ping\n\nevent: x\nid: 1\ndata: " + ONE + b"\n\n: ping\n\n", [{"a": 1}]),
        (b'data: {"a":\ndata: 1}\n\n', [{"a": 1}]),
        (b"", []),
        (b"<html></html>", []),
    ],
)
async def test_bodies_and_streams_are_distinguished_by_their_first_byte(
    body: bytes, found: list[object], size: int
) -> None:
    assert await read(body, size=size) == found


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [(gzip.compress(ONE, mtime=0), "gzip"), (zlib.compress(ONE), "deflate"), (ONE, "identity"), (ONE, "")],
)
async def test_a_compressed_answer_is_read(packed: bytes, encoding: str) -> None:
    assert await read(packed, encoding=encoding) == [{"a": 1}]


async def test_an_unsupported_encoding_is_an_error() -> None:
    with pytest.raises(NotUnderstood):
        await read(ONE, encoding="br")


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "' + b"x" * 2_000_000 + b'"}',
        b"data: " + b"x" * 2_000_000,
        b" " * 2_000_000,
        b'data: {"a": 1}\n\n' * 20_000,
    ],
    ids=["body", "line", "blanks", "events"],
)
async def test_reading_ends_at_the_limits(body: bytes) -> None:
    with pytest.raises(UpstreamFailed, match="too long"):
        await read(body, size=65_536)


@pytest.mark.parametrize("text", ["", "nonsense", '{"a"', "[" * 100_000, '{"a":' * 100_000])
def test_invalid_json_is_an_error(text: str) -> None:
    with pytest.raises(NotUnderstood):
        loads(text)


def test_numbers_out_of_range_become_strings() -> None:
    assert loads("[" + "9" * 6000 + ", 1e999, NaN, -Infinity, 12, 1.5]") == [
        "9" * 19,
        "1e999",
        "NaN",
        "-Infinity",
        12,
        1.5,
    ]
