"""Request limits: size of head and body, one Host, a valid Content-Length."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from starlette.types import Scope

MAX_HEAD = 64 * 1024
"""Bytes of request line and headers together."""
MAX_BODY = 1024 * 1024
"""Bytes."""
_LARGER_BODIES = {"/api/v1/films/import": 10 * MAX_BODY}
"""Bytes, by path."""
_LONGEST_NUMBER = 20
"""Digits of Content-Length: enough for 64 bits."""

HEADERS_TOO_LARGE = f"Request line and headers are larger than {MAX_HEAD} bytes."
HEADERS_TOO_SLOW = "Request line and headers did not arrive in time."
BODY_TOO_SLOW = "The body did not arrive in time."


class Refusal(NamedTuple):
    """Why a request is refused before routing."""

    status: HTTPStatus
    detail: str


def max_body_of(path: str) -> int:
    """Return the largest body, in bytes, that this path accepts."""
    return _LARGER_BODIES.get(path, MAX_BODY)


def has_body(scope: Scope) -> bool:
    """Return whether a body follows the headers; a body of GET has no meaning."""
    return scope["method"] != "GET" and any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


def too_large(limit: int) -> str:
    """Return the message for a body over this limit, in bytes."""
    return f"The body is larger than {limit} bytes."


def refusal_of(scope: Scope, max_body: int) -> Refusal | None:
    """Return why request line or headers are refused, or None."""
    size, hosts, length = len(scope["query_string"]) + len(scope.get("raw_path") or b""), 0, b""
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            length = value
    if size > MAX_HEAD:
        # Only under a server without this limit: see app/api/protocol.py.
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEADERS_TOO_LARGE)
    if hosts != 1 and (hosts or scope["http_version"] != "1.0"):
        problem = "more than one Host header" if hosts else "no Host header"
        return Refusal(HTTPStatus.BAD_REQUEST, f"The request has {problem}: send one.")
    return _refused_length(length, max_body) if length else None


def _refused_length(length: bytes, max_body: int) -> Refusal | None:
    if not length.isdigit() or len(length) > _LONGEST_NUMBER:
        return Refusal(HTTPStatus.BAD_REQUEST, f"Content-Length must be a number of at most {_LONGEST_NUMBER} digits.")
    if int(length) > max_body:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(max_body))
    return None
