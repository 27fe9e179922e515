"""Quirks of how an answer is put on the wire: finish reasons, content, usage, roles, envelopes."""

from __future__ import annotations

import itertools
from typing import Any

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_objects import Quirk, choices, is_stream, like, messages, middle, text_chunks
from tests.fakes.openai_texts import THOUGHT
from tests.fakes.openai_wire import Json, text_pieces

_OTHER = "Another answer."


def _finish(value: str | None, *, calls: bool = True, text: bool = True) -> Quirk:
    """Another finish_reason, of completions with calls, of those without, or of both."""

    def quirk(objects: list[Json]) -> None:
        has_calls = any(message.get("tool_calls") for message in messages(objects))
        for choice in choices(objects):
            if choice.get("finish_reason") is not None and (calls if has_calls else text):
                choice["finish_reason"] = value

    return quirk


def _finish_missing(objects: list[Json]) -> None:
    for choice in choices(objects):
        choice.pop("finish_reason", None)


def tiny(text: str) -> list[str]:
    """The text in pieces of 1, 2 and 3 characters by turns."""
    pieces, sizes = [], itertools.cycle((1, 2, 3))
    while text:
        size = next(sizes)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def _tiny_pieces(objects: list[Json]) -> None:
    found = text_chunks(objects) if is_stream(objects) else []
    if not found:
        return
    text = "".join(objects[i]["choices"][0]["delta"]["content"] for i in found)
    chunks = [like(objects[found[0]], {"content": piece}) for piece in tiny(text)]
    objects[found[0] : found[-1] + 1] = chunks


def _content_parts(objects: list[Json]) -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    said = [message for message in messages(objects) if message.get("content")]
    for message in said:
        message["content"] = [{"type": "text", "text": message["content"]}]
    if not said:
        return
    if is_stream(objects):
        objects.insert(1, like(objects[0], {"content": [thinking]}))
    else:
        said[0]["content"].insert(0, thinking)


def _reasoning(field: str, thought: str = THOUGHT) -> Quirk:
    def quirk(objects: list[Json]) -> None:
        if is_stream(objects):
            pieces = ({"content": None, field: piece} for piece in text_pieces(thought))
            objects[1:1] = [like(objects[0], delta) for delta in pieces]
            return
        for message in messages(objects):
            message[field] = thought

    return quirk


def _refusal(objects: list[Json]) -> None:
    for message in messages(objects):
        if not message.get("tool_calls") and "content" in message:
            message["refusal"], message["content"] = message["content"] or None, None


def _usage(change: dict[str, Any] | None) -> Quirk:
    """A change of each of the usage's fields that is named; fields that are not named go. None: null."""

    def quirk(objects: list[Json]) -> None:
        for found in objects:
            if found.get("usage") is not None:
                usage = found["usage"]
                found["usage"] = None if change is None else {key: change[key](usage[key]) for key in change}

    return quirk


_FIELDS = ("prompt_tokens", "completion_tokens", "total_tokens")


def _usage_absent(objects: list[Json]) -> None:
    for found in objects:
        found.pop("usage", None)


def _no_usage_chunk(objects: list[Json]) -> None:
    _usage_absent(objects)
    objects[:] = [found for found in objects if found["choices"]]


def _two_choices(objects: list[Json]) -> None:
    first = objects[0]["choices"][0]
    if not is_stream(objects):
        message = {"role": "assistant", "content": _OTHER}
        objects[0]["choices"].append(first | {"index": 1, "message": message, "finish_reason": "stop"})
        return
    steps = [({"role": "assistant", "content": _OTHER}, None), ({}, "stop")]
    others = [first | {"index": 1, "delta": delta, "finish_reason": finish} for delta, finish in steps]
    opening, closing = (objects[0] | {"choices": [other]} for other in others)
    objects.insert(1, opening)
    objects.insert(-1 if not objects[-1]["choices"] else len(objects), closing)


def _role(role: str) -> Quirk:
    def quirk(objects: list[Json]) -> None:
        for message in messages(objects):
            if "role" in message:
                message["role"] = role

    return quirk


def _no_role(objects: list[Json]) -> None:
    for message in messages(objects):
        message.pop("role", None)


def _role_in_every_chunk(objects: list[Json]) -> None:
    for message in messages(objects):
        message["role"] = "assistant"


def _delta_null(objects: list[Json]) -> None:
    if not is_stream(objects):
        return
    objects.insert(middle(objects), like(objects[0], None))
    last = [choice for choice in choices(objects) if not choice["delta"]][-1]
    last["delta"] = None


def _empty_choices_chunk(objects: list[Json]) -> None:
    if is_stream(objects):
        objects.insert(middle(objects), objects[0] | {"choices": []})


def _unknown_fields(objects: list[Json]) -> None:
    for found in objects:
        found["x_timing"] = {"queue_ms": 1.5, "nodes": ["a", "b"]}
        for choice in found["choices"]:
            choice["x_score"] = None
        for message in messages([found]):
            message["x_annotations"] = [{"kind": "none"}]
            for call in message.get("tool_calls") or ():
                call["x_confidence"] = 0.5
                call["function"]["x_strict"] = False


def _without(field: str) -> Quirk:
    def quirk(objects: list[Json]) -> None:
        for found in objects:
            found.pop(field, None)

    return quirk


def _created(value: Any) -> Quirk:
    def quirk(objects: list[Json]) -> None:
        for found in objects:
            found["created"] = value

    return quirk


ANSWER_QUIRKS: dict[Mode, Quirk] = {
    Mode.TINY_PIECES: _tiny_pieces,
    Mode.THOUGHT_IN_PIECES: _tiny_pieces,
    Mode.THOUGHT_CLOSED_IN_PIECES: _tiny_pieces,
    Mode.CONTENT_PARTS: _content_parts,
    Mode.REASONING_CONTENT: _reasoning("reasoning_content"),
    Mode.REASONING: _reasoning("reasoning"),
    Mode.REFUSAL: _refusal,
    Mode.USAGE_NULL: _usage(None),
    Mode.USAGE_PARTIAL: _usage({"prompt_tokens": int}),
    Mode.USAGE_NULL_FIELDS: _usage(dict.fromkeys(_FIELDS, lambda value: None)),
    Mode.USAGE_TEXT: _usage(dict.fromkeys(_FIELDS, str)),
    Mode.USAGE_ABSENT: _usage_absent,
    Mode.NO_USAGE_CHUNK: _no_usage_chunk,
    Mode.TWO_CHOICES: _two_choices,
    Mode.ROLE_MODEL: _role("model"),
    Mode.ROLE_TOOL: _role("tool"),
    Mode.NO_ROLE: _no_role,
    Mode.ROLE_IN_EVERY_CHUNK: _role_in_every_chunk,
    Mode.EMPTY_CHOICES_CHUNK: _empty_choices_chunk,
    Mode.UNKNOWN_FIELDS: _unknown_fields,
    Mode.NO_COMPLETION_ID: _without("id"),
    Mode.NO_CREATED: _without("created"),
    Mode.NO_MODEL: _without("model"),
    Mode.NO_OBJECT: _without("object"),
    Mode.CREATED_FLOAT: _created(1760000000.25),
    Mode.CREATED_TEXT: _created("2025-10-09T08:53:20.123456Z"),
    Mode.FINISH_CONTENT_FILTER: _finish("content_filter"),
    Mode.FINISH_EOS: _finish("eos"),
    Mode.FINISH_EOS_TOKEN: _finish("eos_token"),
    Mode.FINISH_END_TURN: _finish("end_turn"),
    Mode.FINISH_END: _finish("end"),
    Mode.FINISH_STOP_SEQUENCE: _finish("stop_sequence"),
    Mode.FINISH_EMPTY: _finish(""),
    Mode.FINISH_NULL: _finish(None),
    Mode.FINISH_MISSING: _finish_missing,
    Mode.FINISH_TOOL_CALL: _finish("tool_call", text=False),
    Mode.FINISH_STOP_WITH_CALLS: _finish("stop", text=False),
    Mode.DELTA_NULL: _delta_null,
}
"""In the order in which they are applied when there are several."""
