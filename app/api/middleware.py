"""Around every request: its id, its one log line, its size limit, and the last answer to an unexpected error."""

from __future__ import annotations

import re
import time
import uuid
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem, unexpected
from app.core.errors import AppError

log = structlog.get_logger("app.access")

REQUEST_ID = "X-Request-ID"
MAX_BODY = 1024 * 1024
"""Bytes."""
_LARGER_BODIES = {"/api/v1/films/import": 10 * MAX_BODY}
"""By path."""
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestMiddleware:
    """Plain ASGI, so that streams and disconnects pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, scope, receive, send).run()


class _Exchange:
    """One request and its response."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        given = Headers(scope=scope).get(REQUEST_ID, "")
        self._id = given if _VALID_ID.fullmatch(given) else uuid.uuid4().hex
        self._status = 0
        self._received = 0
        self._max_body = MAX_BODY

    async def run(self) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self._id)
        self._scope.setdefault("state", {})["request_id"] = self._id
        path = self._scope["path"]
        if len(path) > 1 and path.endswith("/"):
            # `/films` and `/films/` are the same resource: answered directly, never redirected.
            self._scope["path"] = path.rstrip("/") or "/"
        route = self._scope["path"].removeprefix(self._scope.get("root_path", ""))
        self._max_body = _LARGER_BODIES.get(route, MAX_BODY)
        started = time.perf_counter()
        try:
            await self._respond()
        finally:
            log.info(
                "request",
                method=self._scope["method"],
                path=path,
                status=self._status,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )

    async def _respond(self) -> None:
        request = Request(self._scope, self._receive)
        try:
            declared = Headers(scope=self._scope).get("content-length", "")
            if declared.isdecimal() and int(declared) > self._max_body:
                response = problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._too_large)
                await response(self._scope, self._receive, self._tagged_send)
                return
            await self._app(self._scope, self._counted_receive, self._tagged_send)
        except Exception as error:
            if self._status:
                # Too late for a status: the connection breaks off, which is how a client tells it from an end.
                self._log_broken_off(error)
                raise
            await unexpected(request, error)(self._scope, self._receive, self._tagged_send)

    @staticmethod
    def _log_broken_off(error: Exception) -> None:
        # Starlette wraps an error that has a handler once the response has started.
        cause = error.__cause__ or error
        if isinstance(cause, AppError):
            log.warning("response_broken_off", error=type(cause).__name__, detail=cause.detail)
        else:
            log.error("response_broken_off", error=type(error).__name__, exc_info=error)

    async def _counted_receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._max_body:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._too_large)
        return message

    @property
    def _too_large(self) -> str:
        return f"The body is larger than {self._max_body} bytes."

    async def _tagged_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self._id
        await self._send(message)
