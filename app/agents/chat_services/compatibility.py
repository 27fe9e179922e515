"""Request parameters that a server rejects, learnt from its errors and remembered until the process ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from app.agents.chat_services.provider_errors import ProviderError
from app.agents.chat_services.request import THOUGHT_FIELDS

log = structlog.get_logger("app.agents")

Json = dict[str, Any]
Change = Callable[[Json], None]
Levels = Mapping[str, int]
"""By parameter: the position, from 1, of the replacement that was in force when a request was sent."""

_REFUSED = (400, 422)
_LIMITS = ("max_tokens", "max_completion_tokens")
_REASONING = "reasoning_effort"
_THOUGHTS = "reasoning_content"
_REASONING_WITH_TOOLS = "reasoning_effort beside tools"
_ORDINARY_WORDS = frozenset({"name", "seed", "stop", "stream"})
"""Parameters whose names are ordinary words: an error message refers to them only in quotes."""


def _without(*names: str) -> Change:
    def change(body: Json) -> None:
        for name in names:
            body.pop(name, None)

    return change


def _rename_limit(body: Json) -> None:
    for old, new in (_LIMITS, _LIMITS[::-1]):
        if old in body:
            body[new] = body.pop(old)
            return


def _json_in_words(*, keep_format: bool) -> Change:
    """Return a change that moves the schema from its parameter to the first message."""

    def change(body: Json) -> None:
        wanted = body.pop("response_format", None)
        if wanted is None:
            return
        schema = json.dumps(wanted["json_schema"]["schema"])
        first, *others = body["messages"]
        words = f"{first['content']}\n\nAnswer with one JSON object that is valid under this JSON schema: {schema}"
        body["messages"] = [{**first, "content": words}, *others]
        if keep_format:
            body["response_format"] = {"type": "json_object"}

    return change


def _reasoning(*, beside_tools: bool, effort: str | None) -> Change:
    def change(body: Json) -> None:
        if bool(body.get("tools")) is not beside_tools:
            return
        body.pop(_REASONING, None)
        if effort is not None:
            body[_REASONING] = effort

    return change


def _without_names(body: Json) -> None:
    body["messages"] = [{key: value for key, value in each.items() if key != "name"} for each in body["messages"]]


def _with_thoughts(body: Json) -> None:
    """Send a thought with each message of the model's, empty where none is known: DeepSeek demands that."""
    body["messages"] = [{_THOUGHTS: "", **each} if each["role"] == "assistant" else each for each in body["messages"]]


def _without_thoughts(body: Json) -> None:
    body["messages"] = [
        {key: value for key, value in each.items() if key not in THOUGHT_FIELDS} for each in body["messages"]
    ]


_REPLACEMENTS: dict[str, tuple[Change, ...]] = {
    "max_tokens": (_rename_limit, _without(*_LIMITS)),
    "response_format": (_json_in_words(keep_format=True), _json_in_words(keep_format=False)),
    # From gpt-5.6 on, OpenAI requires the value "none" in requests with tools.
    _REASONING_WITH_TOOLS: (
        _reasoning(beside_tools=True, effort="none"),
        _reasoning(beside_tools=True, effort=None),
    ),
    _REASONING: (_reasoning(beside_tools=False, effort=None),),
    "stream": (_without("stream", "stream_options"),),
    "name": (_without_names,),
    _THOUGHTS: (_with_thoughts, _without_thoughts),
    **{
        name: (_without(name),)
        for name in (
            "stream_options",
            "temperature",
            "top_p",
            "frequency_penalty",
            "presence_penalty",
            "seed",
            "stop",
            "parallel_tool_calls",
        )
    },
}
"""By parameter: the change after its first rejection, after its second, and so on."""


class Compatibility:
    """The parameters that one server rejects. Shared by all requests of a process."""

    def __init__(self) -> None:
        self._levels: dict[str, int] = {}

    def apply(self, body: Json) -> tuple[Json, Levels]:
        """Return the body without the rejected parameters, and the levels with which it was adapted."""
        adapted = dict(body)
        for name, level in self._levels.items():
            _REPLACEMENTS[name][level - 1](adapted)
        return adapted, dict(self._levels)

    def learn(self, error: ProviderError, sent: Json, levels: Levels, for_log: Mapping[str, Any]) -> bool:
        """Record the parameters that the error rejects. Return whether to repeat the request without them."""
        if error.status not in _REFUSED or error.is_about_content:
            return False
        names = [name for name in _refused_names(error, sent) if levels.get(name, 0) < len(_REPLACEMENTS[name])]
        for name in names:
            level = levels.get(name, 0)
            if self._levels.get(name, 0) == level:  # unless another request has recorded it meanwhile
                self._levels[name] = level + 1
                log.warning("model_parameter_refused", parameter=name, **for_log)
        return bool(names)


def _refused_names(error: ProviderError, sent: Json) -> list[str]:
    """Return the rejected parameters of this request, as keys of `_REPLACEMENTS`."""
    names = (_own_name(name, sent) for name in _names_in(error))
    return list(dict.fromkeys(name for name in names if name is not None))


def _names_in(error: ProviderError) -> Iterable[str]:
    if error.param is not None:
        if re.search(r"^messages\b.*\bname$", error.param):
            return ["name"]
        return [error.param.removeprefix("body.").split(".")[0]]
    # Validators list the location of each mistake, and some quote the whole request, too.
    places = re.findall(r"loc['\"]?\s*[:=]\s*[\[(]([^\])]*)[\])]", error.text)
    text = " ".join(places) or error.text
    quoted = set(re.findall(r"['\"`](\w+)['\"`]", text))
    return [word for word in re.findall(r"[a-z_]+", text) if word not in _ORDINARY_WORDS or word in quoted]


def _own_name(name: str, sent: Json) -> str | None:
    """Return the key in `_REPLACEMENTS`, or None if the request lacks the parameter or it cannot be replaced."""
    if name in _LIMITS:
        return "max_tokens" if any(limit in sent for limit in _LIMITS) else None
    if name == _REASONING and sent.get("tools"):
        return _REASONING_WITH_TOOLS
    if name == "name":
        return name if any("name" in message for message in sent["messages"]) else None
    if name == _THOUGHTS:
        return name if any(message["role"] == "assistant" for message in sent["messages"]) else None
    return name if name in sent and name in _REPLACEMENTS else None
