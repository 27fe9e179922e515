"""An InProcessRuntime for one turn that, unlike Semantic Kernel's, raises failures and can be aborted.

app/agents/private_names.py lists the private names that it uses.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from semantic_kernel.agents.runtime import InProcessRuntime

from app.core.errors import UpstreamFailed


class _NoMessageSpans:
    """Creates no spans for messages between agents. Agents and model calls keep their spans."""

    def trace_block(self, *_arguments: Any, **_options: Any) -> AbstractContextManager[None]:
        return nullcontext()


class TurnRuntime(InProcessRuntime):
    """The runtime of one turn. It is not shared, because a runtime never removes subscriptions."""

    def __init__(self, *, diagnostics: bool = False) -> None:
        """Create a runtime. With `diagnostics` it writes spans and logs of messages, which takes 2 ms a turn."""
        super().__init__(ignore_unhandled_exceptions=False)
        self._diagnostics = diagnostics
        if not diagnostics:
            self._tracer_helper = _NoMessageSpans()  # type: ignore[assignment]  # only this is called

    def _try_serialize(self, message: object) -> str:
        """Return the message for Semantic Kernel's log, or an empty text if that log is off."""
        return super()._try_serialize(message) if self._diagnostics else ""

    async def drain(self) -> None:
        """Wait until all messages are handled, and raise an agent's failure: with it, `get()` would never return."""
        await self._message_queue.join()
        error = self._background_exception
        self._background_exception = None
        if isinstance(error, asyncio.CancelledError):
            raise UpstreamFailed("An agent was interrupted.") from error
        if error is not None:
            raise error

    async def abort(self, *others: asyncio.Task[None] | None) -> None:
        """Cancel all running tasks, including model calls, which `stop()` alone leaves running."""
        while running := [task for task in (*self._background_tasks, *others) if task and not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        self._background_exception = None
        if self._run_context is not None:
            # The processing loop may have ended with a failure that drain() has already raised.
            with suppress(Exception):
                await self.stop()
