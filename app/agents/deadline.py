"""A deadline for model calls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.errors import UpstreamTimeout

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["deadline", "timeout"]


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Cancel the block after `seconds` and raise UpstreamTimeout. Provider clients only have timeouts for each read."""
    try:
        async with timeout(seconds):
            yield
    except asyncio.TimeoutError as error:  # on Python 3.10 not the built-in TimeoutError
        raise UpstreamTimeout(f"No answer within {seconds:g} seconds.") from error
