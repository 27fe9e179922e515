"""Runs one question through the agents: one orchestration, one runtime, one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from semantic_kernel.agents import Agent, HandoffOrchestration, OrchestrationHandoffs
from semantic_kernel.agents.orchestration.orchestration_base import OrchestrationResult
from semantic_kernel.contents import ChatMessageContent

from app.agents.deadline import deadline
from app.agents.runtime import TurnRuntime
from app.agents.transcript import InputRequired, Limits, Transcript, current_transcript
from app.core.errors import NoAnswer, UpstreamFailed

Status = Literal["completed", "input_required"]

_cleanups: set[asyncio.Task[None]] = set()


async def run_turn(
    agents: Sequence[Agent],
    handoffs: OrchestrationHandoffs,
    question: str | list[ChatMessageContent],
    *,
    seconds: float,
    limits: Limits,
) -> tuple[Status, str, Transcript]:
    """Put the question, or the conversation that ends with it, to the first agent.

    Returns the answer, or a question back to the person.

    Raises UpstreamTimeout after `seconds`, NoAnswer when the agents end in silence, and what a model call or a limit
    raised. Whatever way it ends, also by cancellation, no task and no model call is left running.
    """
    transcript = Transcript(agents[0].name, limits)
    token = current_transcript.set(transcript)
    try:
        async with deadline(seconds):
            await _run(agents, handoffs, question, transcript)
    except InputRequired as asked:
        return "input_required", asked.question, transcript
    finally:
        current_transcript.reset(token)
    if transcript.answer is None:
        raise NoAnswer("The model's answer was empty.")
    return "completed", transcript.answer, transcript


async def _run(
    agents: Sequence[Agent],
    handoffs: OrchestrationHandoffs,
    question: str | list[ChatMessageContent],
    transcript: Transcript,
) -> None:
    # No human response function: Semantic Kernel would call it after every plain answer and ask the model again.
    orchestration: HandoffOrchestration[str, ChatMessageContent] = HandoffOrchestration(
        members=list(agents),
        handoffs=handoffs,
        agent_response_callback=transcript.on_message,
    )
    runtime = TurnRuntime()
    runtime.start()
    result: OrchestrationResult[ChatMessageContent] | None = None
    try:
        result = await orchestration.invoke(task=question, runtime=runtime)
        await _finish(result, runtime)
    finally:
        # In a task of its own, and shielded: a second cancellation must not interrupt the clean-up.
        running = [result.background_task if result else None, *transcript.tool_tasks]
        cleanup = asyncio.create_task(runtime.abort(*running))
        _cleanups.add(cleanup)
        cleanup.add_done_callback(_cleanups.discard)
        await asyncio.shield(cleanup)


async def _finish(result: OrchestrationResult[ChatMessageContent], runtime: TurnRuntime) -> None:
    """Wait for the first agent, then for all that came of it; `get()` alone misses what later agents raise."""
    if result.background_task is not None:
        await asyncio.wait({result.background_task})
    await runtime.drain()
    if isinstance(result.exception, asyncio.CancelledError):
        raise UpstreamFailed("An agent was interrupted.") from result.exception
    if result.exception is not None:
        raise result.exception
