"""Message lists that OpenAI refuses, whatever the model: the fake refuses them in every mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.fakes.openai_wire import Json

_PARTS = {
    "user": {"text", "image_url", "input_audio", "file"},
    "assistant": {"text", "refusal"},
    "system": {"text"},
    "developer": {"text"},
    "tool": {"text"},
}


class Invalid(NamedTuple):
    """What is wrong with a request, and the path of the parameter."""

    message: str
    param: str


def invalid_messages(body: Json) -> Invalid | None:
    """The first thing wrong with the messages of a request body, if any."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return Invalid("'messages' is missing or not JSON.", "messages")
    if not messages:
        return Invalid("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages")
    return next(_problems(messages), None)


def _problems(messages: list[Json]) -> Iterator[Invalid]:
    open_ids: set[str] = set()
    """Ids of the tool calls that the results have to answer next."""
    for i, message in enumerate(messages):
        role = message.get("role")
        if role not in _PARTS:
            yield Invalid(f"Invalid value: '{role}'.", f"messages[{i}].role")
            continue
        yield from _content(i, message)
        if role == "tool":
            yield from _result(i, message, open_ids)
            open_ids.discard(message.get("tool_call_id", ""))
            continue
        yield from _unanswered(i, open_ids)
        calls = message.get("tool_calls") or () if role == "assistant" else ()
        for k, call in enumerate(calls):
            yield from _call(f"messages[{i}].tool_calls[{k}]", call)
        open_ids = {str(call.get("id")) for call in calls}
    yield from _unanswered(len(messages), open_ids)


def _content(i: int, message: Json) -> Iterator[Invalid]:
    content: Any = message.get("content")
    if content is None and message["role"] == "assistant" and (message.get("tool_calls") or message.get("refusal")):
        return
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        wanted = "expected a string or an array of parts"
        yield Invalid(f"Invalid value for 'content': {wanted}, got {content!r}.", f"messages[{i}].content")
        return
    for k, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PARTS[message["role"]]:
            yield Invalid(f"Invalid value: {kind!r}.", f"messages[{i}].content[{k}].type")


def _call(path: str, call: Json) -> Iterator[Invalid]:
    function = call.get("function") or {}
    fields = {"id": call.get("id"), "type": call.get("type"), "function.name": function.get("name")}
    for field, value in fields.items():
        if not value or not isinstance(value, str):
            yield Invalid(f"Invalid value for '{path}.{field}': expected a string, got {value!r}.", f"{path}.{field}")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        found = type(arguments).__name__
        yield Invalid(f"Invalid type for '{path}.function.arguments': expected a string, got {found}.", path)


def _result(i: int, message: Json, open_ids: set[str]) -> Iterator[Invalid]:
    if not open_ids:
        problem = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        yield Invalid(f"Invalid parameter: {problem}", f"messages[{i}].role")
    elif message.get("tool_call_id") not in open_ids:
        problem = f"'tool_call_id' of {message.get('tool_call_id')!r} not found in 'tool_calls' of previous message."
        yield Invalid(f"Invalid parameter: {problem}", f"messages[{i}].tool_call_id")


def _unanswered(i: int, open_ids: set[str]) -> Iterator[Invalid]:
    if open_ids:
        missing = ", ".join(sorted(open_ids))
        yield Invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {missing}",
            f"messages[{i}].role",
        )
