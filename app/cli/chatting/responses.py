"""Read a server's responses: problems, events, and responses of other servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from app.cli.chatting.client import FAILED, NOT_ALLOWED, TRY_AGAIN, ChatFailed
from app.cli.chatting.sse import EventReader, EventTooLarge

_TRY_AGAIN = {429, 503, 504}


def check(response: httpx2.Response, url: str) -> None:
    """Raise ChatFailed unless the response is a success; its body must have been read then."""
    status = response.status_code
    if response.is_success:
        return
    if response.is_redirect:
        raise ChatFailed(f"{url} redirects to {response.headers['location']}: use that address.")
    problem = document_of(response)
    if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str):
        raise stranger(response, url)
    code = str(problem.get("code") or "")
    raise ChatFailed(
        _detail(problem, status),
        status=_exit_status(status, code),
        code=code,
        retry_after=_seconds(response.headers.get("retry-after", "")),
        request_id=problem.get("request_id"),
        is_final=status in (401, 403, 404),
        is_servers=response.is_server_error,
    )


def stranger(response: httpx2.Response, url: str) -> ChatFailed:
    """Return the failure for a response that this service would not send."""
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    detail = f"{url} does not answer as this service does (status {response.status_code}, {kind}): is the URL right?"
    temporary = response.status_code in _TRY_AGAIN or response.is_server_error
    return ChatFailed(detail, status=TRY_AGAIN if temporary else FAILED, is_servers=response.is_server_error)


def document_of(response: httpx2.Response) -> Any:  # noqa: ANN401  any JSON
    """Return the JSON document of a response, or None."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


async def events_in(response: httpx2.Response, url: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a stream with their ids; nothing for 204. Raises ChatFailed."""
    if response.status_code == httpx2.codes.NO_CONTENT:
        return
    if response.headers.get("content-type", "").partition(";")[0].strip() != "text/event-stream":
        raise stranger(response, url)
    reader = EventReader()
    async for piece in response.aiter_bytes():
        try:
            found = [(name, json.loads(data)) for name, data in reader.feed(piece)]
        except (EventTooLarge, ValueError, RecursionError) as error:
            raise stranger(response, url) from error
        for name, event in found:
            if isinstance(event, dict) and isinstance(event.get("type"), str):
                yield name, event


def _detail(problem: dict[str, Any], status: int) -> str:
    fields = problem.get("errors")
    wrong = [str(field.get("msg")) for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    hint = ["Set INTERVIEW_API_TOKEN to an API key or access token."] if status == httpx2.codes.UNAUTHORIZED else []
    return " ".join([problem["detail"], *wrong, *hint])


def _exit_status(status: int, code: str) -> int:
    if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return NOT_ALLOWED
    return TRY_AGAIN if status in _TRY_AGAIN or code == "conversation_busy" else FAILED


def _seconds(header: str) -> int | None:
    return int(header) if header.isascii() and header.isdigit() and len(header) < 10 else None
