"""A chat service that follows a script, inside the process, for tests of logic.

    chat = ScriptedChat([call("film_search-search_films", title="Alien"), say("Alien rents for $2.99.")])
    chat = ScriptedChat({"SearchAgent": [hand_over("LLMAgent")], "LLMAgent": [say("Hello.")]})

Each step is one model call. With a script for each agent, the caller is known by the name on the system
message: ChatCompletionAgent puts its instructions there under its own name, and nothing else that reaches a
chat service names the agent that asks. So an agent without instructions, like a prompt function, is the agent
""; the script under "*" serves every agent that has none of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import PrivateAttr
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.connectors.ai.function_call_choice_configuration import FunctionCallChoiceConfiguration
from semantic_kernel.connectors.ai.function_calling_utils import (
    update_settings_from_function_call_configuration,
)
from semantic_kernel.connectors.ai.function_choice_type import FunctionChoiceType
from semantic_kernel.connectors.ai.open_ai import OpenAIChatPromptExecutionSettings
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FinishReason,
    FunctionCallContent,
    StreamingChatMessageContent,
    StreamingTextContent,
    TextContent,
)

from tests.fakes.openai_wire import argument_pieces, text_pieces

PROMPT_TOKENS = 10
COMPLETION_TOKENS = 5
"""What every scripted completion claims to have used."""

_ANY_AGENT = "*"


@dataclass(frozen=True)
class Call:
    """One tool call within a completion."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Completion:
    """A completion: text, tool calls, both or neither."""

    text: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Failure:
    """The model call raises, when streaming after having said `text`."""

    error: BaseException
    text: str = ""


@dataclass(frozen=True)
class Silence:
    """The model call never returns, when streaming after having said `text`."""

    text: str = ""


Outcome = Completion | Failure | Silence
Step = Outcome | Callable[[ChatHistory, OpenAIChatPromptExecutionSettings], Outcome]


def say(text: str) -> Completion:
    """Answer in text."""
    return Completion(text)


def say_nothing() -> Completion:
    """A completion without text and without tool calls."""
    return Completion()


def call(name: str, /, **arguments: Any) -> Completion:
    """Call one tool, by its full name: plugin, hyphen, function."""
    return Completion(calls=(Call(name, json.dumps(arguments)),))


def calls(*steps: Completion, text: str = "") -> Completion:
    """Several calls in one completion, with text beside them if given."""
    return Completion(text, tuple(itertools.chain.from_iterable(step.calls for step in steps)))


def hand_over(agent: str) -> Completion:
    """Transfer the conversation to another agent."""
    return call(f"Handoff-transfer_to_{agent}")


def complete(summary: str) -> Completion:
    """End the task with a summary."""
    return call("Handoff-complete_task", task_summary=summary)


def fail(error: BaseException, after: str = "") -> Failure:
    """Raise; `after` is streamed first, for a failure in the middle of an answer."""
    return Failure(error, after)


def hang(after: str = "") -> Silence:
    """Never return; `after` is streamed first."""
    return Silence(after)


class ScriptExhaustedError(AssertionError):
    """The model was called once more than the script expects."""


@dataclass(frozen=True)
class RecordedCall:
    """One model call: what the model was shown. `settings` is a copy of that moment."""

    agent: str
    messages: tuple[ChatMessageContent, ...]
    tools: tuple[str, ...]
    settings: OpenAIChatPromptExecutionSettings
    streamed: bool

    @property
    def transcript(self) -> str:
        """All that the model can read, one `role: text` a message, tool calls and results included."""
        return "\n".join(
            f"{message.role.value}: {' '.join(str(item) for item in message.items)}" for message in self.messages
        )


class ScriptedChat(ChatCompletionClientBase):
    """A chat service whose model calls follow a script: one for all callers, or one for each agent by name.

    A script may be any iterable, also an endless one such as `itertools.repeat(hand_over("A"))`. A call
    beyond the script raises ScriptExhaustedError, and makes `assert_exhausted` fail in case it was swallowed.
    """

    SUPPORTS_FUNCTION_CALLING: ClassVar[bool] = True

    _scripts: dict[str, Iterator[Step]] = PrivateAttr()
    _calls: list[RecordedCall] = PrivateAttr(default_factory=list)
    _unexpected: list[str] = PrivateAttr(default_factory=list)
    _cancelled: int = PrivateAttr(default=0)
    _hanging: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)
    _reports_usage: bool = PrivateAttr(default=True)

    def __init__(
        self,
        steps: Iterable[Step] | Mapping[str, Iterable[Step]],
        *,
        ai_model_id: str = "scripted",
        service_id: str = "",
    ) -> None:
        super().__init__(ai_model_id=ai_model_id, service_id=service_id)
        self.follow(steps)

    def follow(self, steps: Iterable[Step] | Mapping[str, Iterable[Step]]) -> None:
        """Begin another script, and forget what was called before."""
        scripts = steps if isinstance(steps, Mapping) else {_ANY_AGENT: steps}
        self._scripts = {agent: iter(script) for agent, script in scripts.items()}
        self._calls, self._unexpected, self._cancelled, self._hanging = [], [], 0, asyncio.Event()

    @property
    def calls(self) -> list[RecordedCall]:
        """Every model call so far, in order."""
        return self._calls

    @property
    def cancelled(self) -> int:
        """How many hanging calls were cancelled."""
        return self._cancelled

    @property
    def hanging(self) -> asyncio.Event:
        """Set once a call hangs, so that a test can wait for that moment."""
        return self._hanging

    @property
    def reports_usage(self) -> bool:
        """Whether completions tell what they used: some providers' do not."""
        return self._reports_usage

    @reports_usage.setter
    def reports_usage(self, reports: bool) -> None:
        self._reports_usage = reports

    def assert_exhausted(self) -> None:
        """Fail unless every step was used and no call went beyond the script."""
        left = {agent: step for agent, script in self._scripts.items() if (step := next(script, None))}
        assert not self._unexpected, f"model calls beyond the script: {self._unexpected}"
        assert not left, f"steps never reached: {left}"

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """OpenAI's, because they can carry tools and a response format."""
        return OpenAIChatPromptExecutionSettings

    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        step = self._take_step(chat_history, settings, streamed=False)
        serial = len(self._calls)
        completion = await self._settle(step)
        items = [
            FunctionCallContent(id=self._call_id(serial, i), name=wanted.name, arguments=wanted.arguments)
            for i, wanted in enumerate(completion.calls)
        ]
        message = ChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=[*items, *([TextContent(text=completion.text)] if completion.text else [])],
            ai_model_id=self.ai_model_id,
            metadata=self._metadata(serial, _usage()),
            finish_reason=_finish(completion),
        )
        return [message]

    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        step = self._take_step(chat_history, settings, streamed=True)
        serial = len(self._calls)
        # Like the OpenAI connector: a chunk a piece, one with the finish_reason, an empty one with the usage.
        chunk = StreamingChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=[],
            choice_index=0,
            ai_model_id=self.ai_model_id,
            metadata=self._metadata(serial, None),
            function_invoke_attempt=function_invoke_attempt,
        )
        for piece in text_pieces(step.text):
            await asyncio.sleep(0)
            text = StreamingTextContent(choice_index=0, text=piece)
            yield [chunk.model_copy(update={"items": [text]})]
        completion = await self._settle(step)
        for item in self._call_pieces(serial, completion):
            yield [chunk.model_copy(update={"items": [item]})]
        yield [chunk.model_copy(update={"items": [], "finish_reason": _finish(completion)})]
        if self._reports_usage:
            yield [chunk.model_copy(update={"items": [], "metadata": self._metadata(serial, _usage())})]

    def _update_function_choice_settings_callback(
        self,
    ) -> Callable[[FunctionCallChoiceConfiguration, PromptExecutionSettings, FunctionChoiceType], None]:
        return update_settings_from_function_call_configuration

    def _reset_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        assert isinstance(settings, OpenAIChatPromptExecutionSettings)
        settings.tool_choice = None
        settings.tools = None

    def _take_step(self, history: ChatHistory, settings: PromptExecutionSettings, *, streamed: bool) -> Outcome:
        assert isinstance(settings, OpenAIChatPromptExecutionSettings)
        agent = _agent_of(history)
        tools = tuple(tool["function"]["name"] for tool in settings.tools or ())
        seen = settings.model_copy()
        self._calls.append(RecordedCall(agent, tuple(history.messages), tools, seen, streamed))
        script = self._scripts.get(agent) or self._scripts.get(_ANY_AGENT) or iter(())
        step = next(script, None)
        if step is None:
            problem = f"call {len(self._calls)} by agent {agent!r}, offered {list(tools)}"
            self._unexpected.append(problem)
            raise ScriptExhaustedError(f"no step left for {problem}:\n{self._calls[-1].transcript}")
        return step(history, settings) if callable(step) else step

    async def _settle(self, step: Outcome) -> Completion:
        await asyncio.sleep(0)  # a model call is always a point where a task can be cancelled
        if isinstance(step, Failure):
            raise step.error
        if isinstance(step, Silence):
            await self._hang()
        assert isinstance(step, Completion)
        return step

    async def _hang(self) -> None:
        self._hanging.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self._cancelled += 1
            raise

    def _call_pieces(self, serial: int, completion: Completion) -> Iterator[FunctionCallContent]:
        for i, wanted in enumerate(completion.calls):
            yield FunctionCallContent(id=self._call_id(serial, i), index=i, name=wanted.name, arguments="")
            for piece in argument_pieces(wanted.arguments):
                yield FunctionCallContent(id=None, index=i, arguments=piece)

    def _metadata(self, serial: int, usage: CompletionUsage | None) -> dict[str, Any]:
        return {
            "logprobs": None,
            "id": f"scripted-{id(self):x}-{serial}",
            "created": int(time.time()),
            "system_fingerprint": None,
            "usage": usage,
        }

    def _call_id(self, serial: int, index: int) -> str:
        return f"call_{id(self):x}_{serial}_{index}"


def _agent_of(history: ChatHistory) -> str:
    first = next(iter(history.messages), None)
    if first is None or first.role not in (AuthorRole.SYSTEM, AuthorRole.DEVELOPER):
        return ""
    return first.name or ""


def _finish(completion: Completion) -> FinishReason:
    return FinishReason.TOOL_CALLS if completion.calls else FinishReason.STOP


def _usage() -> CompletionUsage:
    return CompletionUsage(prompt_tokens=PROMPT_TOKENS, completion_tokens=COMPLETION_TOKENS)
