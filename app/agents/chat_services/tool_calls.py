"""Parse irregular tool calls: misspelt names, arguments quoted twice, calls written as text."""

from __future__ import annotations

import ast
import json
import re
import secrets
import string
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.agents.chat_services.transport import NotUnderstood, loads
from app.core.errors import UpstreamFailed

MAX_NAME = 256
MAX_ARGUMENTS = 16_000
"""Maximum characters of a call's arguments."""
MAX_CALLS = 32
"""Maximum calls in one completion."""

INVALID_ARGUMENTS = "invalid_arguments"
"""Metadata key: whether the arguments were not a JSON object. They are replaced by {}, because providers check them."""

_ID_LENGTH = 9
"""Mistral accepts no other length."""
_NAME_KEYS = ("name", "tool", "tool_name", "function_name", "function")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "tool_input")
_OTHER_KEYS = frozenset({"type", "id", "index"})
_MARKERS = re.compile(r"</?tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=|<\|tool_call|<\uff5ctool|functools\[")
_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)\n?\s*```", re.DOTALL)
_WRAPPED = re.compile(r"<(tool_call|function_call)>\s*(.*?)\s*(?:</\1>|(?=<\1>)|\Z)", re.DOTALL)
_FUNCTION_TAG = re.compile(r"<function=([\w.:-]+)>\s*(.*?)\s*(?:</function>|\Z)", re.DOTALL)
_PARAMETER_TAG = re.compile(r"<parameter=(\w+)>\s*(.*?)\s*</parameter>", re.DOTALL)
_PYTHON_CALL = re.compile(r"([\w.-]+)\(([^()]*)\)")
_NAMED = re.compile(r"['\"](?:name|tool|tool_name|function_name|function)['\"]\s*:\s*['\"]([^'\"]{1,256})['\"]")
_HAS_ARGUMENTS = re.compile(r"['\"](?:arguments|parameters|args|input|tool_input)['\"]\s*:")


@dataclass(frozen=True)
class ToolCall:
    """A complete call. `arguments` is the text of a JSON object; `extra` is returned to the provider with the call."""

    id: str
    name: str
    arguments: str
    invalid: bool = False
    extra: Any = None


def new_id() -> str:
    """Create an id for a call without one."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_ID_LENGTH))


def offered_name(name: str, offered: Iterable[str]) -> str | None:
    """Return the offered tool with this name, or None. Spelling may differ, and the plugin's name may be missing."""
    names = list(offered)
    if name in names:
        return name
    wanted = _letters(re.sub(r"^(functions?|tools?)[.:]", "", name))
    for key in (_letters, lambda each: _letters(each.partition("-")[2])):
        found = [each for each in names if wanted and key(each) == wanted]
        if len(found) == 1:
            return found[0]
    return None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def safe_name(name: str) -> str:
    """Return an unknown tool's name in characters that providers accept, because the history is sent to them again."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unnamed"


def mended(text: str) -> str:
    """Return the text with a replacement character for each lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def arguments_of(text: str) -> dict[str, Any] | None:
    """Parse a JSON object, also if it is quoted twice or in Python's syntax. Return None if the text is neither."""
    value: object = text
    for _ in range(3):
        if isinstance(value, str):
            value = _value(value.strip())
    if value is None or value == []:
        return {}
    return value if isinstance(value, dict) else None


def _value(text: str) -> object:
    if text in ("", "null", "None"):
        return None
    try:
        return loads(text)
    except NotUnderstood:
        pass
    if text.startswith("{}"):  # some servers send an empty object before the arguments
        return _value(text[2:].strip())
    return _literal(text) if text.startswith("{") else ...


def _literal(text: str) -> object:
    """Parse an object in Python's syntax, which small models write at times."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings of invalid escapes
            value = ast.literal_eval(text)
        return json.loads(json.dumps(value, allow_nan=False))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ...


def calls_in(text: str, offered: Sequence[str]) -> tuple[ToolCall, ...]:
    """Return the calls in a text that consists only of calls; none for an ordinary answer.

    Raises UpstreamFailed for a text that looks like a call but cannot be parsed, so that it is never shown.
    """
    named = list(_named_calls(text.strip())) or _python_calls(text, offered)
    names = [offered_name(name, offered) for name, _ in named]
    if named and all(names):
        return tuple(
            ToolCall(new_id(), name, json.dumps(arguments, ensure_ascii=False))
            for name, (_, arguments) in zip(filter(None, names), named, strict=True)
        )
    if named or _MARKERS.search(text) or _mentions_call(text, offered):
        raise UpstreamFailed("The model wrote a tool call as text instead of making it.")
    return ()


def _mentions_call(text: str, offered: Sequence[str]) -> bool:
    if not _HAS_ARGUMENTS.search(text):
        return False
    return any(offered_name(name, offered) for name in _NAMED.findall(text))


def _named_calls(text: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return the name and arguments of each call; nothing if the text contains anything else."""
    if fence := _FENCE.fullmatch(text):
        text = fence.group(1).strip()
    if wrapped := list(_WRAPPED.finditer(text)):
        rest = _WRAPPED.sub("", text).strip()
        inner = [list(_named_calls(match.group(2))) for match in wrapped]
        return [] if rest or not all(inner) else [call for calls in inner for call in calls]
    if tags := list(_FUNCTION_TAG.finditer(text)):
        return [] if _FUNCTION_TAG.sub("", text).strip() else [*filter(None, map(_tagged, tags))]
    text = re.sub(r"^(\[TOOL_CALLS\]|<\|python_tag\|>|functools(?=\[))\s*|\s*<\|e\w+_id\|>$", "", text)
    if split := re.fullmatch(r"([\w.-]+)\[ARGS\](\{.*\})", text, re.DOTALL):
        return _as_calls({"name": split.group(1), "arguments": split.group(2)})
    return _as_calls(_value(text)) if text.startswith(("{", "[{")) else []


def _tagged(match: re.Match[str]) -> tuple[str, dict[str, Any]] | None:
    name, inner = match.groups()
    if parameters := _PARAMETER_TAG.findall(inner):
        return name, dict(parameters)
    arguments = arguments_of(inner)
    return None if arguments is None else (name, arguments)


def _as_calls(value: object) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(value, Mapping) and isinstance(calls := value.get("tool_calls"), list):
        value = calls
    if isinstance(value, list):
        calls = [_as_call(each) for each in value]
        return [call for call in calls if call] if all(calls) else []
    call = _as_call(value)
    return [call] if call else []


def _as_call(value: object) -> tuple[str, dict[str, Any]] | None:
    if not isinstance(value, Mapping):
        return None
    if isinstance(inner := value.get("function"), Mapping):
        return _as_call(inner)
    name_key = next((key for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    arguments_key = next((key for key in _ARGUMENT_KEYS if key in value), None)
    if name_key is None or arguments_key is None or set(value) - {name_key, arguments_key} - _OTHER_KEYS:
        return None
    arguments = value[arguments_key]
    if isinstance(arguments, str):
        arguments = _value(arguments)
    if arguments is None:
        arguments = {}
    return (value[name_key], arguments) if isinstance(arguments, dict) else None


def _python_calls(text: str, offered: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Parse calls such as `[search_films(title="Alien")]`, a format that some models are trained on."""
    match = _PYTHON_CALL.fullmatch(text.strip().removeprefix("[").removesuffix("]").strip())
    if match is None or offered_name(match.group(1), offered) is None:
        return []
    arguments = _literal("{" + re.sub(r"(?:^|(?<=,))\s*(\w+)\s*=", r"'\1':", match.group(2)) + "}")
    return [(match.group(1), arguments)] if isinstance(arguments, dict) else []
