"""Run one turn: one orchestration of the agents, one runtime, one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from semantic_kernel.agents import Agent, HandoffOrchestration, OrchestrationHandoffs
from semantic_kernel.agents.orchestration.orchestration_base import OrchestrationResult
from semantic_kernel.contents import ChatMessageContent

from app.agents.deadline import deadline
from app.agents.runtime import TurnRuntime
from app.agents.transcript import AgentFinished, InputRequired, Transcript, current_transcript
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
    """Send the question to the first agent, and store the answer or the question to the person in the record.

    Raises UpstreamTimeout after `seconds`, NoAnswer if the agents end without text, and the errors of model calls and
    limits. However it ends, also by cancellation, all its tasks and model calls are stopped.
    """
    record = transcript.record
    token = current_transcript.set(transcript)
    try:
        async with deadline(seconds):
            await _run(agents, handoffs, task, transcript, TurnRuntime(diagnostics=diagnostics))
    except InputRequired as asked:
        record.status, record.answer = "input_required", asked.question
        return
    except AgentFinished:
        pass
    finally:
        current_transcript.reset(token)
    if transcript.answer is None:
        raise NoAnswer("The model's answer was empty.")
    record.answer = transcript.answer


def end_turn() -> ChatMessageContent:
    """End the turn. Semantic Kernel calls it, as the human response function, after an agent's answer.

    The function is meant to wait for the person's reply and return it. Here the reply is sent in another request, which
    starts the next turn with the same agent.
    """
    raise AgentFinished


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
        human_response_function=end_turn,
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
    """Wait for the first agent, then for later agents, whose errors `get()` alone would miss."""
    if result.background_task is not None:
        await asyncio.wait({result.background_task})
    await runtime.drain()
    if isinstance(result.exception, asyncio.CancelledError):
        raise UpstreamFailed("An agent was interrupted.") from result.exception
    if result.exception is not None:
        raise result.exception
