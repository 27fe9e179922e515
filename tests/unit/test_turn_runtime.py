"""TurnRuntime relies on private names of Semantic Kernel's runtime: this says so when an upgrade removes them."""

from __future__ import annotations

from semantic_kernel.agents.runtime import InProcessRuntime


async def test_the_private_names_are_still_there() -> None:
    runtime = InProcessRuntime(ignore_unhandled_exceptions=False)
    for name in ("_message_queue", "_background_tasks", "_background_exception", "_run_context", "_tracer_helper"):
        assert name in vars(runtime), f"InProcessRuntime has no {name} any more: read app/agents/runtime.py"
    assert runtime._background_tasks == set()
    assert callable(runtime._try_serialize)
    await runtime._message_queue.join()
