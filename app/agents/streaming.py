"""Stream text from a separate task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator


async def in_own_task(source: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Yield the text of `source`, which runs in a task of its own. Pieces that are ready together are joined.

    A deadline in `source` then covers all of it, whichever tasks read this generator. Closing the generator cancels the
    model call at once, not at its next word. Exceptions of `source` are raised here, after the text before them.
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
