"""The `Idempotency-Key` header."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from app.api.authentication import CallerDep
from app.services.idempotency import Once


async def get_once(
    request: Request,
    caller: CallerDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="Unique key of the request. Repeats within 24 hours get the first response and change nothing.",
        ),
    ] = None,
) -> Once:
    """Return the request's identity."""
    return Once(idempotency_key, f"{request.method} {request.url.path}", caller)


OnceDep = Annotated[Once, Depends(get_once)]
