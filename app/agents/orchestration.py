"""Run one question through the agents: one orchestration, one runtime, one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from semantic_kernel.agents import Agent, HandoffOrchestration, OrchestrationHandoffs
from semantic_kernel.agents.orchestration.orchestration_base import OrchestrationResult
from semantic_kernel.contents import ChatMessageContent

from app.agents.deadline import deadline
from app.agents.runtime import TurnRuntime
from app.agents.transcript import FloorPassed, InputRequired, Transcript, current_transcript
from app.core.errors import NoAnswer, UpstreamFailed

Task = str | list[ChatMessageContent]

_cleanups: set[asyncio.Task[None]] = set()


async def run_turn(
    agents: Sequence[Agent],
    handoffs: OrchestrationHandoffs,
    task: Task,
    transcript: Transcript,
    *,
    seconds: float,
    diagnostics: bool = False,
) -> None:
    """Put the question to the first agent; the answer, or a question back to the person, is in the record then.

    Raises UpstreamTimeout after `seconds`, NoAnswer when the agents end in silence, and what a model call or a limit
    raised. Whatever way it ends, also by cancellation, no task and no model call is left running.
    """
    record = transcript.record
    token = current_transcript.set(transcript)
    try:
        async with deadline(seconds):
            await _run(agents, handoffs, task, transcript, TurnRuntime(diagnostics=diagnostics))
    except InputRequired as asked:
        record.status, record.answer = "input_required", asked.question
        return
    except FloorPassed:
        pass
    finally:
        current_transcript.reset(token)
    if transcript.answer is None:
        raise NoAnswer("The model's answer was empty.")
    record.answer = transcript.answer


def pass_the_floor() -> ChatMessageContent:
    """Semantic Kernel's human response function: called when an agent has spoken and the person is to reply.

    Semantic Kernel would wait here, in this process, and ask the model again with the reply. The reply comes in a
    request of its own, so the turn ends; it goes on with that agent in the next turn.
    """
    raise FloorPassed


async def _run(
    agents: Sequence[Agent],
    handoffs: OrchestrationHandoffs,
    task: Task,
    transcript: Transcript,
    runtime: TurnRuntime,
) -> None:
    orchestration: HandoffOrchestration[str, ChatMessageContent] = HandoffOrchestration(
        members=list(agents),
        handoffs=handoffs,
        agent_response_callback=transcript.on_message,
        human_response_function=pass_the_floor,
    )
    runtime.start()
    result: OrchestrationResult[ChatMessageContent] | None = None
    try:
        result = await orchestration.invoke(task=task, runtime=runtime)
        await _finish(result, runtime)
    finally:
        # A shielded task: a second cancellation must not interrupt the clean-up.
        running = [result.background_task if result else None, *transcript.tool_tasks]
        cleanup = asyncio.create_task(runtime.abort(*running))
        _cleanups.add(cleanup)
        cleanup.add_done_callback(_cleanups.discard)
        await asyncio.shield(cleanup)


async def _finish(result: OrchestrationResult[ChatMessageContent], runtime: TurnRuntime) -> None:
    """Wait for the first agent, then for later ones; `get()` alone misses later agents' errors."""
    if result.background_task is not None:
        await asyncio.wait({result.background_task})
    await runtime.drain()
    if isinstance(result.exception, asyncio.CancelledError):
        raise UpstreamFailed("An agent was interrupted.") from result.exception
    if result.exception is not None:
        raise result.exception
