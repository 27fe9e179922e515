"""Answers sent while they are written: as plain text, or as Server-Sent Events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.responses import ContentStream

from app.api.problems import app_error_document
from app.api.shutdown import Shutdown
from app.core.errors import AppError

log = structlog.get_logger("app.api")

EVENT_STREAM = "text/event-stream"


def stream_answer(request: Request, first: str, rest: AsyncGenerator[str, None]) -> StreamingResponse:
    """The words as they come; `first` was waited for, so that an early failure has its own status."""
    words = _from_first(first, rest, request.app.state.shutdown)
    return _streamed(request, _events(request, words) if _as_events(request) else words)


def answer_without_words(request: Request) -> StreamingResponse:
    """What `stream_answer` answers HEAD with: nobody is asked."""
    return _streamed(request, ())


def _as_events(request: Request) -> bool:
    return EVENT_STREAM in request.headers.get("accept", "")


def _streamed(request: Request, content: ContentStream) -> StreamingResponse:
    headers = {"Cache-Control": "no-store"}
    if _as_events(request):
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
    """`delta` events and one last event: `done`, or `error` with a problem document."""
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
