"""Convert a chat history and its settings to the body of a chat completions request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import openai
from pydantic import BaseModel
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    TextContent,
)

from app.agents.chat_services.settings import PARAMETERS, ChatExecutionSettings

Json = dict[str, Any]
T = TypeVar("T")

_BOUNDS = frozenset({"minLength", "maxLength"})

EXTRA_CONTENT = "extra_content"
"""Provider data that must be returned with a tool call, such as Gemini's thought signatures."""

THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
THOUGHTS = "thoughts"
"""Metadata key of a tool call: the thoughts before it, by field. Some providers require them in later requests."""


def request_body(
    model: str, history: ChatHistory, settings: ChatExecutionSettings, *, stream: bool, limit_name: str
) -> Json:
    """Return the body: model, messages, tools and the settings that are set. `limit_name` names the output limit."""
    body: Json = {"model": model, "messages": list(_messages(history))}
    if settings.tools:
        body["tools"] = settings.tools
    if (limit := settings.max_tokens or settings.max_completion_tokens) is not None:
        body[limit_name] = limit
    body.update({name: value for name in PARAMETERS if (value := getattr(settings, name)) is not None})
    if settings.response_format is not None:
        body["response_format"] = _json_schema(settings.response_format)
    if stream:
        body.update(stream=True, stream_options={"include_usage": True})
    return body


def _json_schema(model: type[BaseModel]) -> Json:
    """Return the `response_format` that requests JSON in the form of this pydantic model."""
    function = openai.pydantic_function_tool(model)["function"]
    schema = {"name": function["name"], "strict": True, "schema": _plain(function["parameters"])}
    return {"type": "json_schema", "json_schema": schema}


def _plain(schema: object) -> object:
    """Remove string bounds, which some providers reject in a schema. The answer is validated later."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key not in _BOUNDS}
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _messages(history: ChatHistory) -> Iterator[Json]:
    for message in history.messages:
        if message.role == AuthorRole.TOOL:
            # One message per result, as providers require.
            yield from map(_tool_result, _items(message, FunctionResultContent))
        elif message.role == AuthorRole.ASSISTANT:
            yield from _assistant(message)
        else:
            yield _named(message, {"role": message.role.value, "content": _text(message)})


def _assistant(message: ChatMessageContent) -> Iterator[Json]:
    """Yield the message unless it is empty. Semantic Kernel adds empty ones after handoffs; some providers refuse."""
    calls = _items(message, FunctionCallContent)
    text = _text(message)
    if calls:
        thoughts = calls[0].metadata.get(THOUGHTS) or {}
        wire = {"role": "assistant", "content": text, **thoughts, "tool_calls": [*map(_tool_call, calls)]}
        yield _named(message, wire)
    elif text.strip():
        yield _named(message, {"role": "assistant", "content": text})


def _tool_call(call: FunctionCallContent) -> Json:
    extra = call.metadata.get(EXTRA_CONTENT)
    return {**call.to_dict(), **({EXTRA_CONTENT: extra} if extra else {})}


def _tool_result(result: FunctionResultContent) -> Json:
    content = "" if result.result is None else str(result.result)
    return {"role": "tool", "tool_call_id": result.id or "", "content": content}


def _named(message: ChatMessageContent, wire: Json) -> Json:
    return {**wire, "name": message.name} if message.name else wire


def _text(message: ChatMessageContent) -> str:
    return "".join(item.text for item in _items(message, TextContent))


def _items(message: ChatMessageContent, kind: type[T]) -> list[T]:
    return [item for item in message.items if isinstance(item, kind)]
