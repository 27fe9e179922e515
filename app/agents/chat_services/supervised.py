"""A mixin for all chat services that counts model calls and converts failures to AppErrors."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import structlog
from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import AuthorRole, ChatHistory, ChatMessageContent, StreamingChatMessageContent

from app.agents.chat_services.live_text import TOLD
from app.agents.chat_services.transport import NotUnderstood
from app.agents.transcript import current_transcript
from app.core.errors import AppError

log = structlog.get_logger("app.agents")


class Supervised:
    """Counts calls and converts failures. Inherit from it first: `class Chat(Supervised, SomeChatCompletion)`.

    Calls raise only AppErrors: UpstreamFailed for an invalid answer, and the errors of the turn's limits.
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
            raise _not_understood(error) from error
        for message in messages:
            _count_tokens(message.metadata.get("usage"))
        return messages

    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        _count_call()
        transcript = current_transcript.get()
        usage: CompletionUsage | None = None
        last: StreamingChatMessageContent | None = None
        try:
            async for messages in super()._inner_get_streaming_chat_message_contents(  # type: ignore[misc]
                chat_history, settings, function_invoke_attempt
            ):
                last = messages[-1]
                usage = last.metadata.get("usage") or usage
                if transcript is not None:
                    transcript.on_token(last.content[last.metadata.get(TOLD, 0) :])
                yield messages
        except AppError:
            raise
        except Exception as error:
            raise _not_understood(error) from error
        finally:
            if transcript is not None:
                transcript.on_completion()
        _count_tokens(usage)
        if usage is None and last is not None:
            # Without usage, Semantic Kernel drops the conversation of an agent that only called a tool.
            metadata = {"usage": CompletionUsage()}
            empty: dict[str, Any] = {
                "role": AuthorRole.ASSISTANT,
                "items": [],
                "finish_reason": None,
                "metadata": metadata,
            }
            yield [last.model_copy(update=empty)]


def _count_call() -> None:
    if (transcript := current_transcript.get()) is not None:
        transcript.on_model_call()


def _count_tokens(usage: CompletionUsage | None) -> None:
    if usage is not None and (transcript := current_transcript.get()) is not None:
        transcript.on_usage(usage)


def _not_understood(error: Exception) -> AppError:
    log.warning("model_call_failed", error=type(error).__name__, exc_info=error)
    return NotUnderstood()
