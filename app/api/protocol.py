"""HTTP/1.1 as uvicorn speaks it with httptools, within bounds: the size of a request's head, and the time it takes.

Uvicorn's own protocol has neither. `python -m app serve` and docker/entrypoint.sh use this one; its own command does
with `UVICORN_HTTP=app.api.protocol:BoundedHttpProtocol`.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from asyncio.events import TimerHandle
from http import HTTPStatus

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.headers import ALWAYS, NEVER_STORED, POLICY
from app.api.request_limits import HEADERS_TOO_LARGE, HEADERS_TOO_SLOW, MAX_HEAD
from app.core.settings import get_settings

log = structlog.get_logger("app.access")

_PIECE = 16 * 1024
"""Bytes that are parsed at once: more requests than fit into that never wait on one connection."""
_LINGER = 2.0
"""Seconds that a refused client gets to read why. A connection closed before it has read all is reset."""
_MALFORMED = "The request is not valid HTTP/1.1."


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Counts bytes that get a request no further, and times requests that are not whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.ws_protocol_class = None  # nobody here speaks it, and its protocol would not know these bounds
        self._seconds = get_settings().receive_timeout_seconds
        self._pending = 0
        self._held = b""
        self._in_head = self._in_body = self._refused = False
        self._timer: TimerHandle | None = self.loop.call_later(self._seconds, self._on_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer, which would keep the connection in memory."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse no more of a head, of a chunk's or of trailers than MAX_HEAD bytes."""
        if self._held:
            data, self._held = self._held + data, b""
        while data and not self._refused:
            if self.pipeline:
                # Requests that wait for the answer to another. What comes after them is not even parsed.
                self._held = data
                self.flow.pause_reading()
                break
            room = min(_PIECE, MAX_HEAD - self._pending)
            if not room:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEADERS_TOO_LARGE)
                return
            piece, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
            self._pending += len(piece)
            super().data_received(piece)  # whose callbacks, below, set `_pending` to 0 as the request gets on
        if self._pending or self._in_body:
            if self._timer is None and not self._refused:
                self._timer = self.loop.call_later(self._seconds, self._on_timeout)
        elif self._timer is not None:
            self._stop_timer()

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The body has its time from here on. Trailers, which come after it, are no headers (RFC 9110, 6.5)."""
        self._pending, self._in_head, self._in_body = 0, False, True
        if self._timer is not None:
            self._stop_timer()
        super().on_headers_complete()
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._pending, self._in_body = 0, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Read on when nothing waits any more; uvicorn would after each answer, and queue what comes without end."""
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self.flow.pause_reading()
        elif self._held:
            self.data_received(b"")

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed."""
        self._refuse(HTTPStatus.BAD_REQUEST, _MALFORMED)

    def _unsupported_upgrade_warning(self) -> None:
        """Upgrades are offers, which a server may ignore without a word (RFC 9110, 7.8)."""

    def _on_timeout(self) -> None:
        self._timer = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not (self._in_body and self.cycle.response_started):
            # The application waits for the body itself, and answers 408; what comes after it may have to wait.
            self._timer = self.loop.call_later(self._seconds, self._on_timeout)
        elif self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, HEADERS_TOO_SLOW)
        else:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer and read nothing more. Where something else is being answered, only break off."""
        self._refused = True
        self._stop_timer()
        if self.cycle is not None and not self.cycle.response_complete:
            answered = self._in_head or self.cycle.response_started
            # The application need not go on: nobody gets its answer any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if answered:
                self.transport.close()
                return
        request_id = uuid.uuid4().hex
        log.warning("request_refused", status=int(status), detail=detail, request_id=request_id)
        self.transport.write(_response(status, detail, request_id))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER, self.transport.close)


def _response(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    """A problem document as a whole response. Its `instance` is empty: whose request it is was not to be found out."""
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "instance": "",
        "request_id": request_id,
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        *ALWAYS,
        POLICY,
        NEVER_STORED,
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[status] + lines + b"\r\n" + body
