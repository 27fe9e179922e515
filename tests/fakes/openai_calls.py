"""Quirks of how a model calls tools: arguments, names, handoffs that are refused, calls written as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.fakes.openai_brain import first_step, question_of, tool_complained
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_texts import Saying
from tests.fakes.openai_wire import Json, Reply, ToolCall

_DEFAULT_LIMIT = 5


def _each(change: Callable[[Json, ToolCall], ToolCall]) -> Saying:
    """Change each tool call."""

    def saying(body: Json, reply: Reply) -> Reply:
        return replace(reply, calls=tuple(change(body, call) for call in reply.calls))

    return saying


def _arguments(change: Callable[[Json, Json], Json]) -> Saying:
    """Change the arguments of each call, given the tool's schema and the arguments."""

    def changed(body: Json, call: ToolCall) -> ToolCall:
        arguments = _parsed(call.arguments)
        if not isinstance(arguments, dict):
            return call
        return replace(call, arguments=json.dumps(change(_schema(body, call.name), arguments)))

    return _each(changed)


def _name(change: Callable[[str], str]) -> Saying:
    return _each(lambda body, call: replace(call, name=change(call.name)))


def _without_arguments(text: str) -> Saying:
    """This text in place of an empty object."""
    return _each(lambda body, call: replace(call, arguments=text) if _parsed(call.arguments) == {} else call)


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def _schema(body: Json, name: str) -> Json:
    functions = [tool["function"] for tool in body.get("tools") or ()]
    return next((tool.get("parameters") or {} for tool in functions if tool["name"] == name), {})


def _optional(value: Any) -> Saying:
    def filled(schema: Json, arguments: Json) -> Json:
        names = [name for name in schema.get("properties", {}) if name not in schema.get("required", ())]
        return dict.fromkeys(names, value) | arguments

    return _arguments(filled)


def _numbers(fraction: str) -> Saying:
    def spelt(value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return f"{value}{fraction}"
        return str(value) if isinstance(value, float) else value

    def changed(schema: Json, arguments: Json) -> Json:
        properties = schema.get("properties", {})
        limit = {"limit": properties["limit"].get("default", _DEFAULT_LIMIT)} if "limit" in properties else {}
        return {name: spelt(value) for name, value in (limit | arguments).items()}

    return _arguments(changed)


def _unknown_argument(body: Json, reply: Reply) -> Reply:
    if tool_complained(body):
        return first_step(body)
    calls = (call if "transfer_to_" in call.name else _with(call, {"verbose": True}) for call in reply.calls)
    return replace(reply, calls=tuple(calls))


def _with(call: ToolCall, more: Json) -> ToolCall:
    return replace(call, arguments=json.dumps((_parsed(call.arguments) or {}) | more))


def _transfer(change: Callable[[ToolCall], ToolCall]) -> Saying:
    """Change each handoff; once a tool has complained, answer in text."""

    def saying(body: Json, reply: Reply) -> Reply:
        if tool_complained(body):
            return Reply(f"General answer: {question_of(body)[:60]}")
        calls = (change(call) if "transfer_to_" in call.name else call for call in reply.calls)
        return replace(reply, calls=tuple(calls))

    return saying


def _as_text(write: Callable[[list[Json]], str]) -> Saying:
    """Text in place of the calls; each is given as its name and its arguments."""

    def saying(body: Json, reply: Reply) -> Reply:
        if not reply.calls:
            return reply
        return Reply(write([{"name": call.name, "arguments": _written(call.arguments)} for call in reply.calls]))

    return saying


def _written(arguments: str) -> Any:
    parsed = _parsed(arguments)
    return parsed if isinstance(parsed, (dict, str)) else {}


def _lines(form: str, arguments: str = "arguments") -> Saying:
    """One line a call; `@` in the form stands for its JSON."""

    def write(calls: list[Json]) -> str:
        written = [json.dumps({"name": call["name"], arguments: call["arguments"]}) for call in calls]
        return "\n".join(form.replace("@", text) for text in written)

    return _as_text(write)


def _function_tags(calls: list[Json]) -> str:
    return "\n".join(f"<function={call['name']}>{json.dumps(call['arguments'])}</function>" for call in calls)


CALL_SAYINGS: dict[Mode, Saying] = {
    Mode.UNKNOWN_ARGUMENT: _unknown_argument,
    Mode.TRANSFER_WITH_ARGUMENT: _transfer(lambda call: replace(call, arguments='{"reason": "x"}')),
    Mode.TRANSFER_BROKEN_ARGUMENTS: _transfer(lambda call: replace(call, arguments='{"reason": ')),
    Mode.TRANSFER_UNKNOWN_AGENT: _transfer(lambda call: replace(call, name="Handoff-transfer_to_BillingAgent")),
    Mode.OPTIONAL_NULL: _optional(None),
    Mode.OPTIONAL_EMPTY: _optional(""),
    Mode.NUMBERS_AS_TEXT: _numbers(""),
    Mode.NUMBERS_AS_FRACTIONS: _numbers(".0"),
    Mode.ARGUMENTS_QUOTED: _each(lambda body, call: replace(call, arguments=json.dumps(call.arguments))),
    Mode.ARGUMENTS_EMPTY: _without_arguments(""),
    Mode.ARGUMENTS_NULL: _without_arguments("null"),
    Mode.NAME_BARE: _name(lambda name: name.split("-", 1)[-1]),
    Mode.NAME_DOTTED: _name(lambda name: name.replace("-", ".", 1)),
    Mode.NAME_UNDERSCORED: _name(lambda name: name.replace("-", "_", 1)),
    Mode.NAME_PREFIXED: _name(lambda name: f"functions.{name}"),
    Mode.TEXT_CALL_JSON: _lines("@"),
    Mode.TEXT_CALL_PARAMETERS: _lines("@", "parameters"),
    Mode.TEXT_CALL_FENCED: _lines("```json\n@\n```"),
    Mode.TEXT_CALL_HERMES: _lines("<tool_call>\n@\n</tool_call>"),
    Mode.TEXT_CALL_MISTRAL: _as_text(lambda calls: f"[TOOL_CALLS]{json.dumps(calls)}"),
    Mode.TEXT_CALL_LLAMA: _lines("<|python_tag|>@", "parameters"),
    Mode.TEXT_CALL_FUNCTION_TAG: _as_text(_function_tags),
    Mode.TEXT_ABOUT_CALL: _lines("I will call the tool now:\n\n@\n\nThen I can tell you more."),
}
"""In the order in which they are applied when there are several: arguments, names, the call as text."""
