"""An InProcessRuntime for one turn, with the two things that Semantic Kernel's lacks: failing and stopping.

This is the only place that relies on its private names; tests/unit/test_turn_runtime.py says so when they go.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from semantic_kernel.agents.runtime import InProcessRuntime

from app.core.errors import UpstreamFailed


class _NoMessageSpans:
    """Agents and model calls have spans of their own; those of every message between them cost a millisecond a turn."""

    def trace_block(self, *_arguments: Any, **_options: Any) -> AbstractContextManager[None]:
        return nullcontext()


class TurnRuntime(InProcessRuntime):
    """Shared runtimes never forget a subscription, so each turn has its own."""

    def __init__(self) -> None:
        super().__init__(ignore_unhandled_exceptions=False)
        self._tracer_helper = _NoMessageSpans()  # type: ignore[assignment]  # all of it that is called

    def _try_serialize(self, message: object) -> str:
        """For a log that we silence: it would quote questions, and costs a millisecond a turn."""
        return ""

    async def drain(self) -> None:
        """Wait until every message is handled; raise an agent's failure, which `get()` would wait for in vain."""
        await self._message_queue.join()
        error = self._background_exception
        self._background_exception = None
        if isinstance(error, asyncio.CancelledError):
            raise UpstreamFailed("An agent was interrupted.") from error
        if error is not None:
            raise error

    async def abort(self, *others: asyncio.Task[None] | None) -> None:
        """Cancel what is still running, model calls in flight included: `stop()` alone leaves them running."""
        while running := [task for task in (*self._background_tasks, *others) if task and not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        self._background_exception = None
        if self._run_context is not None:
            # The processing loop may have died of a failure that drain() has reported already.
            with suppress(Exception):
                await self.stop()
