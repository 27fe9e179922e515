"""HEAD, on every route that takes GET: the same answer without its body (RFC 9110, 9.3.2).

OpenAPI does not list it: it says nothing that GET does not.
"""

from __future__ import annotations

from starlette.types import Message, Scope


def as_get(scope: Scope) -> Scope:
    """The request as routes see it. A copy: the server must know that no body may follow the headers."""
    scope["state"]["head_only"] = True
    return {**scope, "method": "GET"}


def is_head(scope: Scope) -> bool:
    """Whether nobody reads the body: routes whose body costs something do without it."""
    return "head_only" in scope["state"]


def without_body(message: Message) -> Message:
    """The message of a response with nothing in it to read."""
    return {**message, "body": b""} if message["type"] == "http.response.body" else message
