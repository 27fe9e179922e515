"""Uvicorn's HTTP/1.1 protocol (httptools) with limits on the size of a request's head and the time to receive it.

Uvicorn's own protocol has neither. `python -m app serve` and docker/entrypoint.sh use this one; the `uvicorn` command
does with `UVICORN_HTTP=app.api.protocol:BoundedHttpProtocol`.
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
"""Bytes parsed at once: limits the requests that are queued on one connection."""
_LINGER = 2.0
"""Seconds that a refused client has to read the response. Closing with unread data resets the connection."""
_MALFORMED = "The request is not valid HTTP/1.1."


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Counts bytes that do not advance a request, and times incomplete requests."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request."""
        super().connection_made(transport)
        self.ws_protocol_class = None  # WebSocket is not used, and its protocol lacks these limits
        self._seconds = get_settings().receive_timeout_seconds
        self._pending = 0
        self._held = b""
        self._in_head = self._in_body = self._refused = False
        self._timer: TimerHandle | None = self.loop.call_later(self._seconds, self._on_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer, which would keep the connection in memory."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse at most MAX_HEAD bytes of a head, a chunk's head or trailers."""
        if self._held:
            data, self._held = self._held + data, b""
        while data and not self._refused:
            if self.pipeline:
                # Requests wait for an earlier response: do not parse what follows them.
                self._held = data
                self.flow.pause_reading()
                break
            room = min(_PIECE, MAX_HEAD - self._pending)
            if not room:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEADERS_TOO_LARGE)
                return
            piece, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
            self._pending += len(piece)
            super().data_received(piece)  # its callbacks, below, reset `_pending` as the request advances
        if self._pending or self._in_body:
            if self._timer is None and not self._refused:
                self._timer = self.loop.call_later(self._seconds, self._on_timeout)
        elif self._timer is not None:
            self._stop_timer()

    def on_message_begin(self) -> None:
        """Begin a request's head."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start the body's time. Trailers, which follow the body, are not headers (RFC 9110, 6.5)."""
        self._pending, self._in_head, self._in_body = 0, False, True
        if self._timer is not None:
            self._stop_timer()
        super().on_headers_complete()
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Reset the byte count."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._pending, self._in_body = 0, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Resume reading when no request waits; uvicorn does after each response, and queues without limit."""
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self.flow.pause_reading()
        elif self._held:
            self.data_received(b"")

    def send_400_response(self, msg: str) -> None:
        """Refuse malformed requests."""
        self._refuse(HTTPStatus.BAD_REQUEST, _MALFORMED)

    def _unsupported_upgrade_warning(self) -> None:
        """Do not warn: a server may ignore an upgrade (RFC 9110, 7.8)."""

    def _on_timeout(self) -> None:
        self._timer = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not (self._in_body and self.cycle.response_started):
            # The application itself times the body (408); a later request may have to wait for the response.
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
        """Send the error and read nothing more; during another response, only disconnect."""
        self._refused = True
        self._stop_timer()
        if self.cycle is not None and not self.cycle.response_complete:
            answered = self._in_head or self.cycle.response_started
            # Tell the application to stop: its response cannot be sent.
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
    """Return a problem document as raw HTTP. Its `instance` is empty, because the path may be unknown."""
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
