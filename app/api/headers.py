"""Security, cache and rate limit headers of every response."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.rate_limits import rate_limit_status

Header = tuple[bytes, bytes]

ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""JSON needs no resources. Pages have their own policy: see app/api/docs.py."""
_ONE_YEAR: Header = (b"strict-transport-security", b"max-age=31536000")
NEVER_STORED: Header = (b"cache-control", b"no-store")
_ASK_AGAIN: Header = (b"cache-control", b"private, no-cache")
"""The caller may cache a response with an entity tag, and must revalidate it each time."""


class HeadersMiddleware:
    """Plain ASGI, outermost, so that responses to preflight requests have the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_missing(scope, message)]
            await send(message)

        await self._app(scope, receive, complete)


def _missing(scope: Scope, message: Message) -> Iterator[Header]:
    names = {name for name, _ in message["headers"]}
    yield from ALWAYS
    if b"content-security-policy" not in names:
        yield POLICY
    if scope["scheme"] == "https":
        yield _ONE_YEAR
    if b"cache-control" not in names and any(name == b"authorization" for name, _ in scope["headers"]):
        yield _ASK_AGAIN if b"etag" in names and scope["method"] in ("GET", "HEAD") else NEVER_STORED
    if status := rate_limit_status(scope):
        yield b"ratelimit-limit", b"%d" % status.limit
        yield b"ratelimit-remaining", b"%d" % status.remaining
        yield b"ratelimit-reset", b"%d" % status.reset
