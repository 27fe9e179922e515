"""Which parameters a server refuses by name, and the error it answers them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_wire import Json

_THOUGHTS = "reasoning_content"
_STRICTLY_ALLOWED = {"model", "messages", "tools", "stream"}


class RefusalForm(str, Enum):
    """The shape of the error that names a parameter."""

    OPENAI = "openai"
    """400 in OpenAI's shape, with `param` and `code`."""
    MESSAGE_ONLY = "message_only"
    """400 in OpenAI's shape; only the message names the parameter."""
    MISTRAL = "mistral"
    """422 whose message is Python's text of pydantic's errors, as vLLM and Mistral send it."""
    FASTAPI = "fastapi"
    """422 with FastAPI's `detail`."""


@dataclass(frozen=True)
class Refusal:
    """A parameter that the server does not take, and why, in OpenAI's words."""

    param: str
    message: str
    code: str | None = "unsupported_parameter"

    def answer(self, form: RefusalForm, body: Json) -> tuple[int, Json]:
        """The status and the body of the error."""
        if form is RefusalForm.MISTRAL:
            return 422, _mistral(self.param, body.get(self.param))
        if form is RefusalForm.FASTAPI:
            return 422, {"detail": [_extra_forbidden(["body", self.param], body.get(self.param))]}
        named = form is RefusalForm.OPENAI
        param, code = (self.param, self.code) if named else (None, None)
        kind = "invalid_request_error"
        return 400, {"error": {"message": self.message, "type": kind, "param": param, "code": code}}


def refusal_of(mode: Mode, body: Json) -> Refusal | None:
    """The first thing in a request body that a server of this mode refuses, if any."""
    return next((found for rule in REFUSALS.get(mode, ()) for found in rule(body)), None)


def default_form(mode: Mode) -> RefusalForm:
    """The form of a mode's errors, unless the server is told another."""
    return _FORMS.get(mode, RefusalForm.OPENAI)


Rule = Callable[[Json], Iterator[Refusal]]


def _unknown(param: str) -> Rule:
    def rule(body: Json) -> Iterator[Refusal]:
        if param in body:
            yield Refusal(param, f"Unrecognized request argument supplied: {param}", "unknown_parameter")

    return rule


def _max_tokens(body: Json) -> Iterator[Refusal]:
    if "max_tokens" in body:
        yield Refusal(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        )


def _temperature(body: Json) -> Iterator[Refusal]:
    if (value := body.get("temperature", 1)) != 1:
        yield Refusal(
            "temperature",
            f"Unsupported value: 'temperature' does not support {value} with this model. "
            "Only the default (1) value is supported.",
            "unsupported_value",
        )


def _json_schema(body: Json) -> Iterator[Refusal]:
    if (body.get("response_format") or {}).get("type") == "json_schema":
        yield Refusal(
            "response_format",
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            None,
        )


def _reasoning_beside_tools(body: Json) -> Iterator[Refusal]:
    if body.get("tools") and body.get("reasoning_effort") != "none":
        yield Refusal(
            "reasoning_effort",
            f"Function tools with reasoning_effort are not supported for {body.get('model')} in "
            "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
            None,
        )


def _wants_thoughts(body: Json) -> Iterator[Refusal]:
    calling = [message for message in body["messages"] if message.get("tool_calls")]
    if any(_THOUGHTS not in message for message in calling):
        yield Refusal(_THOUGHTS, "The `reasoning_content` in the thinking mode must be passed back to the API.")


def _refuses_thoughts(body: Json) -> Iterator[Refusal]:
    for number, message in enumerate(body["messages"]):
        if _THOUGHTS in message:
            yield Refusal(_THOUGHTS, f"'messages.{number}' : property 'reasoning_content' is unsupported")


def _strict(body: Json) -> Iterator[Refusal]:
    for param in body:
        if param not in _STRICTLY_ALLOWED:
            yield from _unknown(param)(body)


REFUSALS: dict[Mode, tuple[Rule, ...]] = {
    Mode.REFUSES_MAX_TOKENS: (_max_tokens,),
    Mode.REFUSES_MAX_COMPLETION_TOKENS: (_unknown("max_completion_tokens"),),
    Mode.REFUSES_TEMPERATURE: (_temperature,),
    Mode.REFUSES_STREAM_OPTIONS: (_unknown("stream_options"),),
    Mode.REFUSES_JSON_SCHEMA: (_json_schema,),
    Mode.REFUSES_RESPONSE_FORMAT: (_unknown("response_format"),),
    Mode.REFUSES_PARALLEL_TOOL_CALLS: (_unknown("parallel_tool_calls"),),
    Mode.REFUSES_REASONING_EFFORT: (_unknown("reasoning_effort"),),
    Mode.REASONING_MODEL: (_max_tokens, _temperature),
    Mode.TOOLS_WANT_NO_REASONING: (_reasoning_beside_tools,),
    Mode.NEWEST_OPENAI: (_max_tokens, _temperature, _reasoning_beside_tools),
    Mode.WANTS_THOUGHTS: (_wants_thoughts,),
    Mode.REFUSES_THOUGHTS: (_refuses_thoughts,),
    Mode.STRICT_SERVER: (_strict,),
}
"""In the order in which the server looks: it names one thing an answer."""

_FORMS = {
    Mode.REFUSES_MAX_COMPLETION_TOKENS: RefusalForm.FASTAPI,
    Mode.REFUSES_STREAM_OPTIONS: RefusalForm.MISTRAL,
    Mode.REFUSES_PARALLEL_TOOL_CALLS: RefusalForm.FASTAPI,
    Mode.REFUSES_REASONING_EFFORT: RefusalForm.MESSAGE_ONLY,
    Mode.WANTS_THOUGHTS: RefusalForm.MESSAGE_ONLY,
    Mode.REFUSES_THOUGHTS: RefusalForm.MESSAGE_ONLY,
    Mode.STRICT_SERVER: RefusalForm.MISTRAL,
}


def _extra_forbidden(loc: Any, value: Any) -> Json:
    return {"type": "extra_forbidden", "loc": loc, "msg": "Extra inputs are not permitted", "input": value}


def _mistral(param: str, value: Any) -> Json:
    errors = [_extra_forbidden(("body", param), value)]
    return {"object": "error", "message": str(errors), "type": "BadRequestError", "param": None, "code": 422}
