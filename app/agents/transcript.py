"""One turn's record: answer, agent, steps and usage, gathered from what Semantic Kernel reports while it runs."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.contents import AuthorRole, ChatMessageContent, FunctionCallContent

from app.core.errors import UpstreamFailed
from app.schemas.ai import Step, Usage

HANDOFF_PLUGIN = "Handoff"
_TRANSFER = "transfer_to_"
_COMPLETE = "complete_task"


@dataclass(frozen=True)
class Limits:
    """What one turn may do at most; beyond it the turn fails."""

    handoffs: int
    tool_calls: int

    @property
    def model_calls(self) -> int:
        """Every handoff and every tool call costs one call, and the answer one more."""
        return self.handoffs + self.tool_calls + 1


class InputRequired(Exception):
    """An agent asked the person something."""

    def __init__(self, question: str) -> None:
        super().__init__("an agent asked the person something")
        self.question = question


@dataclass
class Transcript:
    """What has happened so far. `agent` is the one whose turn it is."""

    agent: str
    limits: Limits
    usage: Usage = field(default_factory=Usage)
    steps: list[Step] = field(default_factory=list)
    text: str | None = None
    task_summary: str | None = None
    tool_calls: int = 0
    store_away: bool = False
    """A tool found the database unreachable, so no answer of this turn could be trusted."""
    _preamble: str = ""

    @property
    def answer(self) -> str | None:
        """What the active agent said, else the summary it completed the task with."""
        return self.text or self.task_summary

    @property
    def path(self) -> list[str]:
        """The agents in the order in which they had the conversation."""
        handoffs = [step for step in self.steps if step.kind == "handoff"]
        return [*(step.agent for step in handoffs[:1]), *(step.name for step in handoffs)] or [self.agent]

    def on_message(self, message: ChatMessageContent | list[ChatMessageContent]) -> None:
        """Semantic Kernel's response callback: texts, tool calls, tool results and empty messages, in order."""
        for part in message if isinstance(message, list) else [message]:
            calls = [item for item in part.items if isinstance(item, FunctionCallContent)]
            if part.role == AuthorRole.ASSISTANT and part.name == self.agent:
                self._on_text(part.content, goes_on=any(not _completes(call) for call in calls))
            for call in calls:
                self._on_call(part.name or self.agent, call)

    def _on_text(self, text: str, *, goes_on: bool) -> None:
        """What an agent says before a tool call comes again at the start of the text it ends with."""
        if goes_on:
            self._preamble += text
            return
        self.text = text.removeprefix(self._preamble).strip() or self.text

    def _on_call(self, agent: str, call: FunctionCallContent) -> None:
        function = call.function_name or ""
        if call.plugin_name != HANDOFF_PLUGIN:
            self.steps.append(Step(agent=agent, kind="tool", name=call.name or function))
        elif function.startswith(_TRANSFER):
            self._on_transfer(agent, function.removeprefix(_TRANSFER))
        elif function == _COMPLETE:
            self.task_summary = _task_summary(call)

    def _on_transfer(self, source: str, target: str) -> None:
        self.steps.append(Step(agent=source, kind="handoff", name=target))
        self.agent = target
        self.text = None
        self._preamble = ""
        if sum(step.kind == "handoff" for step in self.steps) > self.limits.handoffs:
            raise UpstreamFailed("The agents kept handing the question to each other without answering it.")

    def on_model_call(self) -> None:
        """Before each request to the model; raises UpstreamFailed beyond the limit."""
        self.usage.model_calls += 1
        if self.usage.model_calls > self.limits.model_calls:
            raise UpstreamFailed("The model was asked again and again without answering.")

    def on_tool_call(self) -> None:
        """Before each tool call; raises UpstreamFailed beyond the limit."""
        self.tool_calls += 1
        if self.tool_calls > self.limits.tool_calls:
            raise UpstreamFailed("The model kept calling tools without answering.")

    def on_usage(self, usage: CompletionUsage) -> None:
        """The tokens of one finished model call."""
        self.usage.prompt_tokens += usage.prompt_tokens or 0
        self.usage.completion_tokens += usage.completion_tokens or 0


def _completes(call: FunctionCallContent) -> bool:
    return call.plugin_name == HANDOFF_PLUGIN and call.function_name == _COMPLETE


def _task_summary(call: FunctionCallContent) -> str | None:
    try:
        arguments = json.loads(call.arguments) if isinstance(call.arguments, str) else call.arguments
    except ValueError:
        return None
    summary = arguments.get("task_summary") if isinstance(arguments, dict) else None
    return summary if isinstance(summary, str) and summary.strip() else None


current_transcript: ContextVar[Transcript | None] = ContextVar("current_transcript", default=None)
"""The turn that the running code works for: filters and chat services are shared between turns."""
