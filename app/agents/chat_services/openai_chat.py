"""The chat service for OpenAI's protocol: OpenAI, compatible servers and Azure."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import httpx2
import openai
import structlog
from openai import AsyncOpenAI, AsyncStream
from pydantic import PrivateAttr
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
from semantic_kernel.utils.telemetry.model_diagnostics.decorators import (
    trace_chat_completion,
    trace_streaming_chat_completion,
)

from app.agents.chat_services import provider_errors
from app.agents.chat_services.base import ToolCallingChat, chat_settings
from app.agents.chat_services.compatibility import Compatibility
from app.agents.chat_services.live_text import TOLD, LiveText, live_text
from app.agents.chat_services.normalise import REFUSED, Completion, CompletionReader
from app.agents.chat_services.provider_errors import ProviderError
from app.agents.chat_services.request import EXTRA_CONTENT, THOUGHTS, Json, request_body
from app.agents.chat_services.supervised import Supervised
from app.agents.chat_services.tool_calls import INVALID_ARGUMENTS
from app.agents.chat_services.transport import documents, drain
from app.agents.transcript import current_transcript
from app.core.errors import AppError
from app.core.settings import Settings
from app.core.settings_providers import secret_value

log = structlog.get_logger("app.agents")

_PATH = "/chat/completions"
_TRACED_AS = "openai"


class OpenAIChatCompletions(ToolCallingChat):
    """Sends `POST /chat/completions` with openai's client, and reads the answer with its own reader.

    The types of openai and Semantic Kernel fit OpenAI's answers; with those of other servers they raise or lose data.
    """

    _client: AsyncOpenAI = PrivateAttr()
    _settings: Settings = PrivateAttr()
    _compatibility: Compatibility = PrivateAttr(default_factory=Compatibility)
    _thinks_aloud: bool = PrivateAttr(default=False)
    """Whether the model's last text had the end tag of a thought without its start tag: later texts will, too."""

    def __init__(self, settings: Settings, client: AsyncOpenAI) -> None:
        super().__init__(ai_model_id=settings.model)
        self._settings = settings
        self._client = client

    def service_url(self) -> str | None:
        """Return the provider's address, for traces."""
        return str(self._client.base_url)

    async def close(self) -> None:
        """Close the client with its connections."""
        await self._client.close()

    @trace_chat_completion(_TRACED_AS)
    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        reader, body = self._prepare(chat_history, settings, stream=False)
        async for _ in self._read(reader, body):
            pass
        completion = self._finish(reader)
        message = ChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=[*_call_items(completion), *([TextContent(text=completion.text)] if completion.text else [])],
            ai_model_id=self.ai_model_id,
            metadata={"usage": completion.usage, REFUSED: completion.refused},
            finish_reason=_finish_reason(completion),
        )
        return [message]

    @trace_streaming_chat_completion(_TRACED_AS)
    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        def chunk(*items: Any, **options: Any) -> list[StreamingChatMessageContent]:
            return [
                StreamingChatMessageContent(
                    role=AuthorRole.ASSISTANT,
                    items=list(items),
                    choice_index=0,
                    ai_model_id=self.ai_model_id,
                    function_invoke_attempt=function_invoke_attempt,
                    **options,
                )
            ]

        live = live_text(current_transcript.get())
        reader, body = self._prepare(chat_history, settings, stream=True, live=live)
        # Semantic Kernel joins the chunks of agents pairwise, at quadratic cost: with tools, the text is one chunk.
        at_once = not body.get("tools")
        shown = 0
        async for text in self._read(reader, body):
            if at_once:
                shown += len(text)
                yield chunk(StreamingTextContent(choice_index=0, text=text))
            elif live is not None:
                live.add(text)
        completion = self._finish(reader)
        if completion.calls:
            yield chunk(*_call_items(completion))
        if rest := completion.text[shown:]:
            told = {TOLD: live.told} if live is not None else {}
            yield chunk(StreamingTextContent(choice_index=0, text=rest), metadata=told)
        yield chunk(finish_reason=_finish_reason(completion), metadata={"usage": completion.usage})

    def _prepare(
        self, history: ChatHistory, settings: PromptExecutionSettings, *, stream: bool, live: LiveText | None = None
    ) -> tuple[CompletionReader, Json]:
        own = chat_settings(settings).model_copy(update=self._configured())
        streaming = stream and (not own.tools or live is not None)
        # OpenAI's models never send their thoughts.
        is_openai = self._settings.provider == "openai" and self._settings.openai_base_url is None
        is_azure = self._settings.provider == "azure"
        reader = CompletionReader(
            own.tool_names, hold=not streaming or self._thinks_aloud, suspect=not (is_openai or is_azure)
        )
        # OpenAI has replaced this name; other servers still use it.
        limit_name = "max_completion_tokens" if is_openai else "max_tokens"
        return reader, request_body(self.ai_model_id, history, own, stream=stream, limit_name=limit_name)

    def _configured(self) -> dict[str, Any]:
        """Return the settings of the deployment, which override those of a prompt's config.json."""
        values = {
            "max_tokens": self._settings.ai_max_tokens,
            "temperature": self._settings.ai_temperature,
            "reasoning_effort": self._settings.openai_reasoning_effort,
        }
        return {name: value for name, value in values.items() if value is not None}

    async def _read(self, reader: CompletionReader, body: Json) -> AsyncGenerator[str, None]:
        """Feed the answer to the reader, and yield the text that may be shown."""
        response = await self._send(body)
        answer = documents(response)
        try:
            async for document in answer:
                if error := _error_in(document):
                    raise self._failure(provider_errors.from_body(error), body)
                if text := reader.feed(document):
                    yield text
                if document is None:
                    await drain(answer)
        except httpx2.TransportError as error:
            raise self._broken_off(error) from error
        finally:
            await response.aclose()
            self._learn(reader)

    async def _send(self, body: Json) -> httpx2.Response:
        """Send the request. Repeat it without parameters that the server rejects by name."""
        while True:
            sent, levels = self._compatibility.apply(body)
            try:
                response = await self._client.post(
                    _PATH, body=sent, cast_to=httpx2.Response, stream=True, stream_cls=AsyncStream[object]
                )
                return cast("httpx2.Response", response)
            except openai.APIStatusError as error:
                refusal = provider_errors.from_openai(error)
                if not self._compatibility.learn(refusal, sent, levels, self._for_log(refusal, body)):
                    raise self._failure(refusal, body) from error
            except openai.APIConnectionError as error:
                raise self._broken_off(error) from error

    def _finish(self, reader: CompletionReader) -> Completion:
        completion = reader.finish()
        self._learn(reader)
        if completion.refused:
            log.info("model_refused")
        return completion

    def _learn(self, reader: CompletionReader) -> None:
        if reader.thinks_aloud is not None:
            self._thinks_aloud = reader.thinks_aloud

    def _failure(self, error: ProviderError, body: Json) -> AppError:
        log.warning("model_provider_failed", **self._for_log(error, body))
        is_azure = self._settings.provider == "azure"
        return error.as_app_error(
            model_setting="AZURE_OPENAI_DEPLOYMENT" if is_azure else "OPENAI_MODEL",
            address_setting="AZURE_OPENAI_ENDPOINT" if is_azure else "OPENAI_BASE_URL",
        )

    def _for_log(self, error: ProviderError, body: Json) -> dict[str, Any]:
        secrets = map(secret_value, (self._settings.openai_api_key, self._settings.azure_openai_api_key))
        asked = (message["content"] for message in body["messages"] if message["role"] != "system")
        return error.for_log(secrets, asked)

    @staticmethod
    def _broken_off(error: Exception) -> AppError:
        cause = error.__cause__ or error
        log.warning("model_provider_unreachable", error=type(cause).__name__, message=str(cause)[:200])
        return provider_errors.unreachable(error)


class OpenAIChat(Supervised, OpenAIChatCompletions):
    """The chat service of the agents, with counted calls and the service's errors."""


def _error_in(document: object) -> object:
    """Return the error in a document that was sent with status 200, if any."""
    if not isinstance(document, Mapping):
        return None
    return document if document.get("object") == "error" else document.get("error")


def _call_items(completion: Completion) -> list[FunctionCallContent]:
    return [
        FunctionCallContent(
            id=call.id,
            index=index,
            name=call.name,
            arguments=call.arguments,
            metadata={INVALID_ARGUMENTS: call.invalid, EXTRA_CONTENT: call.extra, THOUGHTS: completion.thoughts},
        )
        for index, call in enumerate(completion.calls)
    ]


def _finish_reason(completion: Completion) -> FinishReason:
    return FinishReason.TOOL_CALLS if completion.calls else FinishReason.STOP
