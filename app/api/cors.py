"""Scripts of other web pages (CORS): which may call, what they may send, and what they may read of an answer."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.core.settings import Settings

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"),
    *("Prefer", "X-Request-ID"),
)
_READ = (
    *("ETag", "Link", "Location", "Preference-Applied", "RateLimit-Limit", "RateLimit-Remaining"),
    *("RateLimit-Reset", "Retry-After", "WWW-Authenticate", "X-Request-ID", "X-Total-Count"),
)


def install(app: FastAPI, settings: Settings) -> None:
    """Around all that answers, errors too; nothing where no origin is set.

    Never with credentials, which are what a browser sends by itself: callers sign in by a header, which a script adds.
    """
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_READ,
            allow_credentials=False,
        )
