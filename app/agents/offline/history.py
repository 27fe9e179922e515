"""Parse a chat history: the question, earlier turns, and look-ups after the question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
)

from app.agents.chat_services.tool_calls import mended
from app.agents.offline.steps import MENTIONS, PROPOSE, Asked, Call, Result, Turn

FILM_SEARCH = "film_search"
RENTAL_DESK = "rental_desk"
HANDOFF = "Handoff"
_LONGEST = 2000
"""Maximum characters of a question, as in find_mentions."""
_UNREADABLE = {"error": "The store could not be asked just now."}


def read_history(history: ChatHistory) -> Asked:
    """Return the latest question with the earlier turns and the look-ups."""
    messages = history.messages
    questions = [i for i, message in enumerate(messages) if message.role == AuthorRole.USER]
    if not questions:
        return Asked("")
    latest, before = questions[-1], questions[-2] if len(questions) > 1 else 0
    earlier = tuple(
        Turn(by_user=message.role == AuthorRole.USER, text=mended(message.content).strip())
        for message in messages[:latest]
        if message.role in (AuthorRole.USER, AuthorRole.ASSISTANT) and message.content
    )
    question = mended(messages[latest].content).strip()[:_LONGEST]
    past = _seen(messages[before:latest])
    return Asked(
        question,
        earlier,
        seen=tuple(_seen(messages[latest + 1 :])),
        known=tuple(
            one for one in past if one[0].function == MENTIONS and one[0] != Call(MENTIONS, {"text": question})
        ),
        proposed=tuple(call for call, _ in past if call.function.startswith(PROPOSE)),
    )


def size_of(history: ChatHistory) -> int:
    """Characters in all messages."""
    return sum(len(str(item)) for message in history.messages for item in message.items)


def _seen(messages: Sequence[ChatMessageContent]) -> list[tuple[Call, Result]]:
    calls: dict[str, Call] = {}
    found = []
    for item in _items(messages):
        if isinstance(item, FunctionCallContent) and item.plugin_name != HANDOFF:
            calls[item.id or ""] = Call(item.function_name, _arguments(item.arguments))
        elif isinstance(item, FunctionResultContent) and (call := calls.get(item.id or "")):
            found.append((call, _result(item.result)))
    return found


def _items(messages: Sequence[ChatMessageContent]) -> Iterable[object]:
    return (item for message in messages for item in message.items)


def _arguments(arguments: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if isinstance(arguments, str):
        parsed = json.loads(arguments or "{}")
        return parsed if isinstance(parsed, dict) else {}
    return arguments or {}


def _result(result: object) -> Mapping[str, Any]:
    """What a tool returned; a text that is not JSON tells of a failure and is not repeated."""
    try:
        parsed = json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return _UNREADABLE
    return parsed if isinstance(parsed, dict) else _UNREADABLE
