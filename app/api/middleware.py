"""Middleware for every request: request id, log line, limits, HEAD, and the response to an unexpected error."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import suppress
from http import HTTPStatus

import anyio
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.head import as_get, is_head, without_body
from app.api.problems import problem, unexpected
from app.api.request_limits import BODY_TOO_SLOW, MAX_BODY, has_body, max_body_of, refusal_of, too_large
from app.api.root_path import settle_path
from app.core.errors import AppError
from app.core.settings import Settings

log = structlog.get_logger("app.access")

REQUEST_ID = "X-Request-ID"
_LINGER = 5.0
"""Seconds that a client has to send the rest of a body that was answered early."""
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
        self._body_is_whole = False
        self._max_body = MAX_BODY
        self._started = time.perf_counter()
        self._answered: float | None = None

    async def run(self) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self._id)
        self._scope.setdefault("state", {})["request_id"] = self._id
        method, path = self._scope["method"], self._scope["path"]
        self._max_body = max_body_of(settle_path(self._scope))
        if method == "HEAD":
            self._scope = as_get(self._scope)
        try:
            await self._respond()
        finally:
            log.info(
                "request_completed",
                method=method,
                path=path,
                status=self._status,
                duration_ms=round(((self._answered or time.perf_counter()) - self._started) * 1000, 1),
            )

    async def _respond(self) -> None:
        try:
            if refusal := refusal_of(self._scope, self._max_body):
                # Invalid headers leave the request's end unknown: nothing after them is read.
                self._body_is_whole = broken = refusal.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                headers = {"Connection": "close"} if broken else None
                response = problem(Request(self._scope), *refusal, headers=headers)
                await response(self._scope, self._receive, self._tagged_send)
                return
            await self._app(self._scope, self._counted_receive, self._tagged_send)
        except Exception as error:
            if self._status:
                # Too late for a status: abort the connection, so that the client sees an incomplete response.
                self._log_broken_off(error)
                raise
            response = unexpected(Request(self._scope), error)
            await response(self._scope, self._receive, self._tagged_send)

    @staticmethod
    def _log_broken_off(error: Exception) -> None:
        # Starlette wraps an error that has a handler once the response has started.
        cause = error.__cause__ or error
        if isinstance(cause, AppError):
            log.warning("response_aborted", error=type(cause).__name__, detail=cause.detail)
        else:
            log.error("response_aborted", error=type(error).__name__, exc_info=error)

    async def _counted_receive(self) -> Message:
        message = await (self._receive() if self._body_is_whole else self._received_in_time())
        self._received += len(message.get("body", b""))
        if self._received > self._max_body:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(self._max_body))
        return message

    async def _received_in_time(self) -> Message:
        """Return the next part of the body; raises HTTPException (408) when the body is too slow."""
        settings: Settings = self._scope["app"].state.settings
        seconds = self._started + settings.receive_timeout_seconds - time.perf_counter()
        try:
            with anyio.fail_after(max(seconds, 0)):
                message = await self._receive()
        except TimeoutError:
            # The rest of the body is not read, so the connection must close.
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, BODY_TOO_SLOW, {"Connection": "close"}) from None
        self._body_is_whole = not message.get("more_body", False)
        return message

    async def _tagged_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self._id
        elif is_head(self._scope):
            message = without_body(message)
        elif not self._body_is_whole and not message.get("more_body") and has_body(self._scope):
            await self._send({**message, "more_body": True})
            self._answered = time.perf_counter()
            await self._read_the_rest()
            message = without_body(message)
        await self._send(message)

    async def _read_the_rest(self) -> None:
        """Read the rest of a body answered early: otherwise a client that is still sending sees only a reset."""
        with suppress(HTTPException), anyio.move_on_after(_LINGER):
            while not self._body_is_whole:
                await self._received_in_time()
