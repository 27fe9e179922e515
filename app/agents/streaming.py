"""Streaming of text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator


async def in_own_task(source: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """The same text, produced in one task of its own; pieces that are there together come as one.

    So a deadline inside `source` covers all of it, whichever tasks read here, and closing this generator cancels the
    model call at once instead of at its next word. What `source` raises is raised here after the texts before it.
    """
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for text in source:
                queue.put_nowait(text)
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(pump())
    try:
        ended = False
        while not ended:
            pieces = [await queue.get()]
            while not queue.empty():
                pieces.append(queue.get_nowait())
            ended = pieces[-1] is None
            if text := "".join(filter(None, pieces)):
                yield text
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
