"""The record of a turn, updated while it runs: answer, agent, steps and usage.

Texts come from Semantic Kernel's response callback; app/agents/tools.py notes tools and handoffs when they happen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.contents import AuthorRole, ChatMessageContent, FunctionCallContent

from app.agents.record import MAX_RESULT, ToolCall, TurnRecord
from app.core.errors import UpstreamFailed
from app.schemas.ai import Step, Usage

HANDOFF_PLUGIN = "Handoff"
TRANSFER = "transfer_to_"
COMPLETE_TASK = "complete_task"


@dataclass(frozen=True)
class Limits:
    """Limits of a turn. A turn that exceeds one fails."""

    handoffs: int
    tool_calls: int

    @property
    def model_calls(self) -> int:
        """One call for each handoff and tool call, and one for the answer."""
        return self.handoffs + self.tool_calls + 1


class InputRequired(Exception):
    """An agent asked the person a question, which ends the turn."""

    def __init__(self, question: str) -> None:
        super().__init__("an agent asked the person something")
        self.question = question


class AgentFinished(Exception):
    """The active agent has answered. The person's reply starts the next turn."""


@dataclass
class Transcript:
    """The turn's progress; `record` holds what the caller sees."""

    record: TurnRecord
    limits: Limits
    text: str | None = None
    task_summary: str | None = None
    tool_calls: int = 0
    store_unavailable: bool = False
    """Whether a tool could not reach the database, so that answers are unreliable."""
    tool_tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    """Running tool calls; Semantic Kernel does not cancel them when another fails."""
    _preamble: str = ""
    _handed_over_in: int = 0

    @property
    def agent(self) -> str:
        """The active agent."""
        return self.record.agent

    @property
    def steps(self) -> list[Step]:
        """Tool calls and handoffs."""
        return self.record.steps

    @property
    def usage(self) -> Usage:
        """Model calls and tokens."""
        return self.record.usage

    @property
    def answer(self) -> str | None:
        """The active agent's text, else its task summary."""
        return self.text or self.task_summary

    @property
    def path(self) -> list[str]:
        """The agents in order of activity."""
        handoffs = [step for step in self.steps if step.kind == "handoff"]
        return [*(step.agent for step in handoffs[:1]), *(step.name for step in handoffs)] or [self.agent]

    def on_message(self, message: ChatMessageContent | list[ChatMessageContent]) -> None:
        """Record a message. Semantic Kernel passes texts, tool calls, tool results and empty messages, in order."""
        for part in message if isinstance(message, list) else [message]:
            if part.role == AuthorRole.ASSISTANT and part.name == self.agent:
                calls = [item for item in part.items if isinstance(item, FunctionCallContent)]
                self._on_text(part.content, goes_on=any(not _completes(call) for call in calls))

    def _on_text(self, text: str, *, goes_on: bool) -> None:
        """Record a text. Remove its beginning if that repeats the text from before the tool calls."""
        if goes_on:
            self._preamble += text
            return
        self.text = text.removeprefix(self._preamble).strip() or self.text

    def on_model_call(self) -> None:
        """Count a model call, or raise UpstreamFailed over the limit."""
        self.usage.model_calls += 1
        if self.usage.model_calls > self.limits.model_calls:
            raise UpstreamFailed("The model did not answer within the allowed number of calls.")

    def on_tool_call(self, *, is_handoff: bool) -> None:
        """Count a requested tool call, also one that fails, or raise UpstreamFailed over the limit."""
        self.tool_calls += not is_handoff
        if self.tool_calls > self.limits.tool_calls:
            raise UpstreamFailed("The model kept calling tools without answering.")

    def on_tool(self, name: str, arguments: dict[str, Any]) -> ToolCall:
        """Record a tool call with validated arguments."""
        self.steps.append(Step(agent=self.agent, kind="tool", name=name, arguments=arguments))
        call = ToolCall(name, arguments)
        self.record.calls.append(call)
        if self.record.log is not None:
            self.record.log.tool(len(self.record.calls), name, json.dumps(arguments, ensure_ascii=False))
        return call

    def on_tool_result(self, call: ToolCall, result: str) -> None:
        """Record a result."""
        call.result = result[:MAX_RESULT]
        if self.record.log is not None:
            number = next(number for number, other in enumerate(self.record.calls, 1) if other is call)
            self.record.log.tool_result(number, result)

    def on_token(self, text: str) -> None:
        """Record text from the model."""
        if self.record.log is not None:
            self.record.log.text(text)

    def on_completion(self) -> None:
        """Record a completion's end."""
        if self.record.log is not None:
            self.record.log.end_text()

    def on_transfer(self, target: str) -> None:
        """Record a handoff, or raise UpstreamFailed over the limit."""
        source = self.agent
        if self._handed_over_in == self.usage.model_calls:
            # Of two handoffs in the same completion, the last one is valid.
            source = self._forget_handoff().agent
        self._handed_over_in = self.usage.model_calls
        self.steps.append(Step(agent=source, kind="handoff", name=target))
        self.record.agent = target
        if self.record.log is not None:
            self.record.log.agent(target)
        self.text = None
        self._preamble = ""
        if sum(step.kind == "handoff" for step in self.steps) > self.limits.handoffs:
            raise UpstreamFailed("The agents kept handing the question to each other without answering it.")

    def _forget_handoff(self) -> Step:
        index = max(i for i, step in enumerate(self.steps) if step.kind == "handoff")
        return self.steps.pop(index)

    def on_complete(self, summary: str) -> None:
        """Record the task's summary."""
        self.task_summary = summary.strip() or self.task_summary

    def on_usage(self, usage: CompletionUsage) -> None:
        """Add a model call's tokens."""
        self.usage.prompt_tokens += usage.prompt_tokens or 0
        self.usage.completion_tokens += usage.completion_tokens or 0

    @contextmanager
    def running(self, task: asyncio.Task[Any] | None) -> Iterator[None]:
        """Track a tool call's task."""
        if task is None:
            yield
            return
        self.tool_tasks.add(task)
        try:
            yield
        finally:
            self.tool_tasks.discard(task)


def _completes(call: FunctionCallContent) -> bool:
    return call.plugin_name == HANDOFF_PLUGIN and call.function_name == COMPLETE_TASK


current_transcript: ContextVar[Transcript | None] = ContextVar("current_transcript", default=None)
"""The current turn; needed because turns share filters and chat services."""
