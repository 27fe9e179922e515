"""Quirks of what a model says in text: thoughts, JSON that is wrapped or wrong, text that ends too early."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.fakes.openai_brain import response_schema
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_wire import Json, Reply

THOUGHT = "Hmm, let me ponder this. A short answer will do."
"""What the model thinks; no caller should ever see it."""

REFUSAL = "I'm sorry, but I can't help with that."
"""The text of a refusal."""

Saying = Callable[[Json, Reply], Reply]
"""What is said, given the request body and what would have been said without the quirk."""


def _text(change: Callable[[Json, Reply], str], finish_reason: str | None = None) -> Saying:
    """Change the text of a completion that is an answer; leave one with tool calls as it is."""

    def saying(body: Json, reply: Reply) -> Reply:
        if reply.calls:
            return reply
        return replace(reply, text=change(body, reply), finish_reason=finish_reason or reply.finish_reason)

    return saying


def _json(change: Callable[[str], str]) -> Saying:
    """Change the text of an answer that is JSON because the request asks for it."""

    def saying(body: Json, reply: Reply) -> Reply:
        if reply.calls or response_schema(body) is None:
            return reply
        return replace(reply, text=change(reply.text))

    return saying


def _thought(body: Json) -> str:
    """A thought; where JSON is asked for, with a draft of it that is not the answer."""
    return THOUGHT if response_schema(body) is None else f'{THOUGHT} A draft: {{"summary": "{THOUGHT}"}}.'


def _before_call(body: Json, reply: Reply) -> Reply:
    if not reply.calls:
        return reply
    return replace(reply, text=f"<think>\n{THOUGHT}\n</think>\n\n")


def _loose(text: str) -> str:
    return json.dumps({key: _loose_value(value) for key, value in json.loads(text).items()})


def _loose_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, float)) else value


def _thinking(body: Json, reply: Reply) -> str:
    return f"<think>\n{_thought(body)}\n</think>\n\n{reply.text}"


def _channels(body: Json, reply: Reply) -> str:
    analysis = f"<|channel|>analysis<|message|>{_thought(body)}<|end|>"
    return f"{analysis}<|start|>assistant<|channel|>final<|message|>{reply.text}"


def _only_closed(body: Json, reply: Reply) -> str:
    return f"{_thought(body)}\n</think>\n\n{reply.text}"


def _unclosed(body: Json, reply: Reply) -> str:
    return f"<think>\n{' '.join([_thought(body)] * 20)}"


def _half(body: Json, reply: Reply) -> str:
    return reply.text[: len(reply.text) // 2]


TEXT_SAYINGS: dict[Mode, Saying] = {
    Mode.JSON_FENCED: _json(lambda text: f"```json\n{text}\n```"),
    Mode.JSON_AFTER_PROSE: _json(lambda text: f"Here is the JSON:\n\n{text}"),
    Mode.JSON_BEFORE_PROSE: _json(lambda text: f"{text}\n\nLet me know if you need anything else!"),
    Mode.JSON_LOOSE_TYPES: _json(_loose),
    Mode.JSON_WRONG: _json(lambda text: '{"unexpected": [42]}'),
    Mode.HALF_SURROGATE: _text(lambda body, reply: reply.text + "\ud83d"),
    Mode.REFUSAL: _text(lambda body, reply: REFUSAL),
    Mode.AZURE_CONTENT_FILTERED: _text(_half, "content_filter"),
    Mode.THOUGHT: _text(_thinking),
    Mode.THOUGHT_IN_PIECES: _text(_thinking),
    Mode.THOUGHT_ONLY_CLOSED: _text(_only_closed),
    Mode.THOUGHT_CLOSED_IN_PIECES: _text(_only_closed),
    Mode.THOUGHT_THINKING_TAG: _text(lambda body, reply: f"<thinking>{_thought(body)}</thinking>{reply.text}"),
    Mode.THOUGHT_BRACKETS: _text(lambda body, reply: f"[THINK]{_thought(body)}[/THINK]{reply.text}"),
    Mode.THOUGHT_THOUGHT_TAG: _text(lambda body, reply: f"<thought>\n{_thought(body)}\n</thought>\n{reply.text}"),
    Mode.THOUGHT_CHANNELS: _text(_channels),
    Mode.THOUGHT_BEFORE_CALL: _before_call,
    Mode.UNCLOSED_THOUGHT_LENGTH: _text(_unclosed, "length"),
    Mode.UNCLOSED_THOUGHT_STOP: _text(_unclosed),
}
"""In the order in which they are applied when there are several."""
