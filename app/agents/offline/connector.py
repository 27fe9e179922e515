"""The offline model as a Semantic Kernel chat service: no key, no network, the same tools as any other model."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.connectors.ai.function_call_choice_configuration import FunctionCallChoiceConfiguration
from semantic_kernel.connectors.ai.function_choice_type import FunctionChoiceType
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

from app.agents.chat_services.base import ToolCallingChat, chat_settings
from app.agents.chat_services.settings import ChatExecutionSettings
from app.agents.offline.action_steps import action_step, is_action
from app.agents.offline.desk import desk_plan_for
from app.agents.offline.desk_steps import desk_step
from app.agents.offline.general import answer_without_store, is_general, small_talk_in, speaks_of_films
from app.agents.offline.history import FILM_SEARCH, RENTAL_DESK, read_history, size_of
from app.agents.offline.phrasing import say
from app.agents.offline.search_steps import search_step
from app.agents.offline.steps import Calls, Say, Step, Transfer
from app.agents.offline.summary import film_in, one_sentence, opinion
from app.agents.offline.tool_match import TRANSFER, agent_for, refusal_for, say_result, tool_for
from app.agents.team import LLM_AGENT, RENTAL_AGENT, SEARCH_AGENT
from app.agents.transcript import current_transcript

NOTHING_FOUND = "I found nothing in the store for this question."
_CHARACTERS_PER_TOKEN = 4
_WORDS_PER_CHUNK = 8
"""In a conversation with tools: Semantic Kernel puts the chunks together again one by one."""


@dataclass(frozen=True)
class Completion:
    """A completion: text, or tool calls by full name with arguments."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def finish_reason(self) -> FinishReason:
        """As a real model would report it."""
        return FinishReason.TOOL_CALLS if self.calls else FinishReason.STOP


class OfflineChatCompletion(ToolCallingChat):
    """Answers from what the tools look up, hands everything else over, and says what it is when asked alone."""

    ai_model_id: str = "offline"

    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        completion = complete(chat_history, chat_settings(settings))
        items: list[Any] = [*_call_items(completion)]
        if completion.text:
            items.append(TextContent(text=completion.text))
        message = ChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=items,
            ai_model_id=self.ai_model_id,
            metadata={"id": _new_id(), "usage": _usage(chat_history, completion)},
            finish_reason=completion.finish_reason,
        )
        return [message]

    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        own = chat_settings(settings)
        completion = complete(chat_history, own)
        chunk = StreamingChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=[],
            choice_index=0,
            ai_model_id=self.ai_model_id,
            metadata={"id": _new_id(), "usage": None},
            function_invoke_attempt=function_invoke_attempt,
        )
        if completion.calls:
            yield [chunk.model_copy(update={"items": list(_call_items(completion))})]
        for piece in _pieces(completion.text, _WORDS_PER_CHUNK if own.tools else 1):
            yield [chunk.model_copy(update={"items": [StreamingTextContent(choice_index=0, text=piece)]})]
        metadata = {**chunk.metadata, "usage": _usage(chat_history, completion)}
        yield [chunk.model_copy(update={"items": [], "finish_reason": completion.finish_reason, "metadata": metadata})]

    def _update_function_choice_settings_callback(
        self,
    ) -> Callable[[FunctionCallChoiceConfiguration, PromptExecutionSettings, FunctionChoiceType], None]:
        return _offer


def _offer(
    configuration: FunctionCallChoiceConfiguration, settings: PromptExecutionSettings, choice: FunctionChoiceType
) -> None:
    """Offer the tools without the schema of their parameters, which costs more than this model's thinking."""
    if isinstance(settings, ChatExecutionSettings):
        settings.tool_choice = choice
        settings.tools = [
            {
                "type": "function",
                "function": {
                    "name": function.fully_qualified_name,
                    "description": function.description or "",
                    "parameters": {"required": [one.name for one in function.parameters if one.is_required]},
                },
            }
            for function in configuration.available_functions or ()
        ]


def complete(history: ChatHistory, settings: ChatExecutionSettings) -> Completion:
    """The next completion. The tools offered tell the role: film search, rental desk, another agent, or a prompt."""
    tools = settings.tool_names
    asked = read_history(history)
    question = asked.text
    if not tools:
        return Completion(_prompt_answer(question, settings))
    desk, acts = desk_plan_for(question), is_action(question)
    if any(name.startswith(f"{RENTAL_DESK}-") for name in tools):
        offered = frozenset(name.partition("-")[2] for name in tools)
        step = action_step(asked, offered) or desk_step(desk, question, asked.seen, offered)
        return _completion(step, tools, SEARCH_AGENT)
    if (desk is not None or acts) and f"{TRANSFER}{RENTAL_AGENT}" in tools:
        return Completion(calls=((f"{TRANSFER}{RENTAL_AGENT}", {}),))
    if acts:
        return Completion(say("cannot act"))
    if desk is not None and not desk.near_me:
        told = (refusal.answer for refusal in settings.refusals if refusal.agent == RENTAL_AGENT)
        return Completion(next(told, NOTHING_FOUND))
    if f"{FILM_SEARCH}-find_mentions" in tools:
        return _search_completion(question, search_step(asked), settings)
    if (
        _has_the_floor()
        and f"{TRANSFER}{SEARCH_AGENT}" in tools
        and not (small_talk_in(question) or is_general(question))
    ):
        return Completion(calls=((f"{TRANSFER}{SEARCH_AGENT}", {}),))
    if tool := tool_for(question, settings.tools or ()):
        return Completion(say_result(asked.seen[-1][1])) if asked.seen else Completion(calls=((tool, {}),))
    return Completion(answer_without_store(question))


def _has_the_floor() -> bool:
    """Return whether the agent goes on with a conversation: no other one has looked into this question."""
    transcript = current_transcript.get()
    return transcript is not None and not any(step.kind == "handoff" for step in transcript.record.steps)


def _search_completion(question: str, step: Step, settings: ChatExecutionSettings) -> Completion:
    """The film search's step. The first agent passes on what is not for it by the words of the question.

    The first agent alone: two agents that fit equally would hand over to each other for ever.
    """
    is_first = f"{TRANSFER}{SEARCH_AGENT}" not in settings.tool_names
    is_others = isinstance(step, Transfer) and not step.to
    if is_first and (is_others or not (isinstance(step, Transfer) or speaks_of_films(question))):
        if agent := agent_for(question, settings.tools or ()):
            return _completion(Transfer(), settings.tool_names, agent)
        if answer := refusal_for(question, settings.refusals):
            return Completion(answer)
    return _completion(step, settings.tool_names, LLM_AGENT)


def _completion(step: Step, tools: Sequence[str], otherwise: str) -> Completion:
    """Convert a step to text or calls; hand off to `otherwise` if needed."""
    if isinstance(step, Calls):
        full = {name.partition("-")[2]: name for name in tools}
        return Completion(calls=tuple((full[call.function], dict(call.arguments)) for call in step.calls))
    if isinstance(step, Say):
        return Completion(step.text)
    transfer = f"{TRANSFER}{step.to or otherwise}"
    return Completion(calls=((transfer, {}),)) if transfer in tools else Completion(step.otherwise or NOTHING_FOUND)


def _prompt_answer(question: str, settings: ChatExecutionSettings) -> str:
    film = film_in(question)
    if film is None:
        return answer_without_store(question, alone=True)
    return opinion(film) if settings.response_format is not None else one_sentence(film)


def _call_items(completion: Completion) -> Iterator[FunctionCallContent]:
    for index, (name, arguments) in enumerate(completion.calls):
        yield FunctionCallContent(
            id=f"call_{uuid.uuid4().hex}",
            index=index,
            name=name,
            arguments=json.dumps(arguments, ensure_ascii=False),
        )


def _pieces(text: str, count: int) -> Iterator[str]:
    """Split text into `count`-word pieces."""
    words = text.split(" ")
    for start in range(0, len(words) if text else 0, count):
        yield ("" if start == 0 else " ") + " ".join(words[start : start + count])


def _usage(history: ChatHistory, completion: Completion) -> CompletionUsage:
    """Estimate a real model's token count."""
    said = len(completion.text) + sum(len(name) + len(str(arguments)) for name, arguments in completion.calls)
    return CompletionUsage(
        prompt_tokens=size_of(history) // _CHARACTERS_PER_TOKEN, completion_tokens=said // _CHARACTERS_PER_TOKEN + 1
    )


def _new_id() -> str:
    return f"offline-{uuid.uuid4().hex}"
