"""HEAD on every route that accepts GET: the same response without its body (RFC 9110, 9.3.2).

OpenAPI does not list it: it would only repeat GET.
"""

from __future__ import annotations

from starlette.types import Message, Scope


def as_get(scope: Scope) -> Scope:
    """Return the request as GET, for the routes. A copy: the server needs HEAD to send no body."""
    scope["state"]["head_only"] = True
    return {**scope, "method": "GET"}


def is_head(scope: Scope) -> bool:
    """Return whether the request is HEAD: routes then skip a body that is costly."""
    return "head_only" in scope["state"]


def without_body(message: Message) -> Message:
    """Return the response message with an empty body."""
    return {**message, "body": b""} if message["type"] == "http.response.body" else message
