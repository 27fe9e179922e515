"""The fake server's model: deterministic, uses the tools it is offered, knows nothing of the application."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_schema import example, schema_in
from tests.fakes.openai_wire import Json, Reply, ToolCall

_FILM_TALK = re.compile(r"\b(films?|movies?|rents?|rentals?|ratings?)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)")
_AFTER_FILM = re.compile(r"\b(?:films?|movies?)\s+([^?!.,;:\n]+)", re.IGNORECASE)
_AFTER_OF = re.compile(r"\b(?:of|for)\s+([^?!.,;:\n]+)", re.IGNORECASE)
_SHORT = 200
_SECOND_TITLE = "Academy Dinosaur"


def think(body: Json) -> Reply:
    """What the model says to the messages and tools of a request body."""
    messages = body["messages"]
    reply = _after_tools(body) if messages[-1]["role"] == "tool" else first_step(body)
    schema = response_schema(body)
    if schema is not None and not reply.calls:
        return Reply(json.dumps(example(schema)))
    return reply


def think_as(mode: Mode, body: Json) -> Reply:
    """What the model says when it misbehaves in one of the ways that still are a completion."""
    variant = _VARIANTS.get(mode)
    return think(body) if variant is None else variant(body)


def question_of(body: Json) -> str:
    """The latest user message."""
    asked = [message for message in body["messages"] if message["role"] == "user"]
    return _text(asked[-1]) if asked else ""


def tool_complained(body: Json) -> bool:
    """Whether the request ends with the first tool result of all, and that is not one of a search."""
    results = [message for message in body["messages"] if message["role"] == "tool"]
    last = body["messages"][-1]
    return len(results) == 1 and results[0] is last and "films" not in _parsed(_text(last))


def first_step(body: Json) -> Reply:
    """What the model does with a question: a search, a handoff or an answer."""
    question = question_of(body)
    search = _tool(body, lambda name: name.endswith("search_films"))
    if search is not None and (_FILM_TALK.search(question) or _QUOTED.search(question)):
        return Reply(calls=(_search(search, _title(question)),))
    transfer = _tool(body, lambda name: "transfer_to_LLMAgent" in name)
    if transfer is not None:
        return Reply(calls=(ToolCall(transfer["name"]),))
    return Reply(f"General answer: {question[:60]}")


def _after_tools(body: Json) -> Reply:
    results = [_text(message) for message in _trailing_tool_messages(body)]
    found = [parsed["films"] for parsed in map(_parsed, results) if "films" in parsed]
    if not found:
        return Reply(f"The tool said: {' '.join(results)[:_SHORT]}")
    if any(found):
        return Reply(" ".join(_sentence(film) for films in found for film in films))
    transfer = _transfer(body)
    return Reply(calls=(ToolCall(transfer["name"]),)) if transfer else Reply("Nothing was found.")


def _sentence(film: Json) -> str:
    return f"{film['title']} ({', '.join(film.get('categories', []))}) rents for ${film.get('rental_rate')}."


def _parsed(result: str) -> Json:
    try:
        parsed = json.loads(result)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _trailing_tool_messages(body: Json) -> Iterable[Json]:
    messages = body["messages"]
    start = max(i for i, message in enumerate(messages) if message["role"] != "tool") + 1
    return messages[start:]  # type: ignore[no-any-return]


def _title(question: str) -> str:
    if quoted := _QUOTED.search(question):
        return next(group for group in quoted.groups() if group)
    named = _AFTER_FILM.search(question) or _AFTER_OF.search(question)
    return named.group(1).strip() if named else question.strip(" ?!.")


def _search(function: Json, title: str) -> ToolCall:
    return ToolCall(function["name"], json.dumps({"title": title}))


def _plausible(function: Json, question: str) -> ToolCall:
    arguments = example(function.get("parameters", {"type": "object"}))
    if "title" in arguments:
        arguments["title"] = _title(question)
    return ToolCall(function["name"], json.dumps(arguments))


def _tools(body: Json) -> list[Json]:
    return [tool["function"] for tool in body.get("tools") or []]


def _tool(body: Json, wanted: Callable[[str], bool]) -> Json | None:
    return next((tool for tool in _tools(body) if wanted(tool["name"])), None)


def _transfer(body: Json) -> Json | None:
    return _tool(body, lambda name: "transfer_to_" in name)


def _text(message: Json) -> str:
    content: Any = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


def response_schema(body: Json) -> Json | None:
    """The JSON schema that a request asks for: in response_format or, without tools, in the words of a message."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema: Json = wanted["json_schema"]["schema"]
        return schema
    if body.get("tools"):
        return None
    texts = (_text(message) for message in body["messages"])
    return next(filter(None, (schema_in(text) for text in texts if '"properties"' in text)), None)


def _cut_by_length(body: Json) -> Reply:
    reply = think(body)
    if reply.calls:
        return reply
    return Reply(reply.text[: len(reply.text) // 2], finish_reason="length")


def _ping_pong(body: Json) -> Reply:
    transfer = _transfer(body)
    return Reply(calls=(ToolCall(transfer["name"]),)) if transfer else think(body)


def _tool_forever(body: Json) -> Reply:
    tool = _tool(body, lambda name: not name.startswith("Handoff"))
    return Reply(calls=(_plausible(tool, question_of(body)),)) if tool else think(body)


def _two_tools(body: Json) -> Reply:
    reply = think(body)
    search = _tool(body, lambda name: name.endswith("search_films"))
    if search is None or not reply.calls or reply.calls[0].name != search["name"]:
        return reply
    question = question_of(body)
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(question)]
    titles = quoted[:2] if len(quoted) > 1 else [_title(question), _SECOND_TITLE]
    return Reply(calls=tuple(_search(search, title) for title in titles))


def _bad_arguments(body: Json) -> Reply:
    tools = _tools(body)
    return Reply(calls=(ToolCall(tools[0]["name"], '{"title": "Ali'),)) if tools else think(body)


def _complete_task(body: Json) -> Reply:
    reply = _answer_then_complete(body)
    return replace(reply, text="") if reply.calls else reply


def _answer_then_complete(body: Json) -> Reply:
    reply = think(body)
    complete = _tool(body, lambda name: name.endswith("complete_task"))
    if reply.calls or complete is None:
        return reply
    return replace(reply, calls=(ToolCall(complete["name"], json.dumps({"task_summary": reply.text})),))


_VARIANTS: dict[Mode, Callable[[Json], Reply]] = {
    Mode.EMPTY: lambda body: Reply(),
    Mode.FINISH_LENGTH: _cut_by_length,
    Mode.UNKNOWN_TOOL: lambda body: Reply(calls=(ToolCall("film_search-launch_rocket"),)),
    Mode.BAD_ARGUMENTS: _bad_arguments,
    Mode.PING_PONG: _ping_pong,
    Mode.TOOL_FOREVER: _tool_forever,
    Mode.TWO_TOOLS: _two_tools,
    Mode.CALL_SAME_ID: _two_tools,
    Mode.CALL_INDEX_ZERO: _two_tools,
    Mode.COMPLETE_TASK: _complete_task,
    Mode.ANSWER_THEN_COMPLETE: _answer_then_complete,
}
