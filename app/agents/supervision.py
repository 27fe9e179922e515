"""What is asked of every chat service: its calls are counted, and a failed or half answer is an error of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import ChatHistory, ChatMessageContent, StreamingChatMessageContent
from semantic_kernel.contents.utils.finish_reason import FinishReason

from app.agents.failures import upstream_error
from app.agents.transcript import current_transcript
from app.core.errors import AppError, UpstreamFailed

_WHOLE = {FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.FUNCTION_CALL}


class Supervised:
    """Mix in before a chat service: `class Chat(Supervised, OpenAIChatCompletion)`.

    Raises AppError only: UpstreamFailed for an answer that is broken, cut off or filtered, RateLimited for the
    provider's 429, and whatever the turn's limits raise.
    """

    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        _count_call()
        try:
            messages: list[ChatMessageContent] = await super()._inner_get_chat_message_contents(  # type: ignore[misc]
                chat_history, settings
            )
        except AppError:
            raise
        except Exception as error:
            raise upstream_error(error) from error
        _check_whole(messages)
        return messages

    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        _count_call()
        seen: list[ChatMessageContent] = []
        try:
            async for messages in super()._inner_get_streaming_chat_message_contents(  # type: ignore[misc]
                chat_history, settings, function_invoke_attempt
            ):
                seen += (message for message in messages if message.finish_reason or message.metadata.get("usage"))
                yield messages
        except AppError:
            raise
        except Exception as error:
            raise upstream_error(error) from error
        _check_whole(seen)


def _count_call() -> None:
    if (transcript := current_transcript.get()) is not None:
        transcript.on_model_call()


def _check_whole(messages: Iterable[ChatMessageContent]) -> None:
    """Record the usage, and refuse an answer that did not end as a whole one does."""
    usage: CompletionUsage | None = None
    reason: FinishReason | None = None
    for message in messages:
        usage = message.metadata.get("usage") or usage
        reason = message.finish_reason or reason
    if usage is not None and (transcript := current_transcript.get()) is not None:
        transcript.on_usage(usage)
    if reason not in _WHOLE:
        raise UpstreamFailed("The model's answer was cut off.")
