"""Streamed responses: plain text or Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import ContentStream

from app.agents.events import Numbered
from app.api.problems import app_error_document
from app.api.shutdown import Shutdown
from app.core.errors import AppError

log = structlog.get_logger("app.api")

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_SECONDS = 15.0
_EVENT = {
    "type": "object",
    "description": "Each event of the stream.",
    "properties": {
        "id": {"type": "string", "description": "Send it as Last-Event-ID to continue after this event."},
        "data": {"type": "string", "description": "An event of AG-UI 1.0, as JSON."},
    },
}
STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {EVENT_STREAM: {"schema": _EVENT}}}}
"""For OpenAPI: the response is an event stream if the client asks for it."""


def stream_answer(request: Request, first: str, rest: AsyncGenerator[str, None]) -> StreamingResponse:
    """Stream the text. The caller has already received `first`, so that an early failure has its own status."""
    words = _from_first(first, rest, request.app.state.shutdown)
    return _streamed(request, _events(request, words) if as_events(request) else words)


def answer_without_words(request: Request) -> StreamingResponse:
    """Return the response to HEAD, without a model call."""
    return _streamed(request, ())


def stream_turn(name: str, batches: AsyncGenerator[list[Numbered], None]) -> StreamingResponse:
    """Stream a turn's events (AG-UI), each with an id: the turn's `name` and the event's number.

    A comment after 15 idle seconds tells proxies that the connection is in use.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_framed(name, batches), media_type=EVENT_STREAM, headers=headers)


async def _framed(name: str, batches: AsyncGenerator[list[Numbered], None]) -> AsyncIterator[bytes]:
    coming = asyncio.ensure_future(anext(batches))
    try:
        while True:
            if not (await asyncio.wait({coming}, timeout=KEEP_ALIVE_SECONDS))[0]:
                yield KEEPALIVE_COMMENT
                continue
            try:
                batch = coming.result()
            except StopAsyncIteration:
                return
            coming = asyncio.ensure_future(anext(batches))
            # In ASCII: a piece of text may end within a surrogate pair, which UTF-8 cannot encode.
            yield b"".join(
                format_sse_event(data_str=json.dumps(event, separators=(",", ":")), id=f"{name}:{number}")
                for number, event in batch
            )
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await batches.aclose()


def as_events(request: Request) -> bool:
    """Return whether the client asks for events."""
    return EVENT_STREAM in request.headers.get("accept", "")


def _streamed(request: Request, content: ContentStream) -> StreamingResponse:
    headers = {"Cache-Control": "no-store"}
    if as_events(request):
        return StreamingResponse(content, media_type=EVENT_STREAM, headers={**headers, "X-Accel-Buffering": "no"})
    return StreamingResponse(content, media_type="text/plain; charset=utf-8", headers=headers)


async def _from_first(first: str, rest: AsyncGenerator[str, None], shutdown: Shutdown) -> AsyncIterator[str]:
    async with aclosing(rest):
        yield first
        while True:
            try:
                text = await shutdown.run_until_deadline(anext(rest))
            except StopAsyncIteration:
                return
            yield text


async def _events(request: Request, words: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Yield `delta` events, then `done`, or `error` with a problem document."""
    try:
        async for text in words:
            yield _event("delta", {"text": text})
    except AppError as error:
        log.warning("stream_failed", error=type(error).__name__, detail=error.detail)
        yield _event("error", app_error_document(request, error))
        return
    yield _event("done", {})


def _event(name: str, data: dict[str, object]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
