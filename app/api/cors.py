"""CORS: which other origins may call the API, and which headers their scripts may send and read."""

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
    """Add CORS around all responses, errors too; do nothing when no origin is set.

    Credentials that a browser sends by itself are not allowed: a script adds the `Authorization` header instead.
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
