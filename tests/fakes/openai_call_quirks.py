"""Quirks of how tool calls are put on the wire: ids, indexes, types, pieces."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.openai_modes import Mode
from tests.fakes.openai_objects import Quirk, calls, choices, is_stream, like, messages
from tests.fakes.openai_wire import Json

_THE_SAME = "call_1"


def _set(field: str, value: Any) -> Quirk:
    """Set a field wherever a call has it."""

    def quirk(objects: list[Json]) -> None:
        for call in calls(objects):
            if field in call:
                call[field] = value

    return quirk


def _without(field: str) -> Quirk:
    def quirk(objects: list[Json]) -> None:
        for call in calls(objects):
            call.pop(field, None)

    return quirk


def _whole(objects: list[Json]) -> None:
    """Put the pieces of a call's arguments into the chunk that opens it."""
    opened: dict[int, Json] = {}
    kept = []
    for found in objects if is_stream(objects) else ():
        pieces = list(calls([found]))
        for piece in pieces:
            if "name" in piece["function"]:
                opened[piece["index"]] = piece
            else:
                opened[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
        if not pieces or "name" in pieces[0]["function"]:
            kept.append(found)
    objects[:] = kept or objects


def _tiny_pieces(objects: list[Json]) -> None:
    if not is_stream(objects):
        return
    _whole(objects)
    split = []
    for found in objects:
        split.append(found)
        for call in calls([found]):
            arguments, call["function"]["arguments"] = call["function"]["arguments"], ""
            pieces = ({"index": call["index"], "function": {"arguments": letter}} for letter in arguments)
            split += [like(found, {"tool_calls": [piece]}) for piece in pieces]
    objects[:] = split


def _no_index(objects: list[Json]) -> None:
    _whole(objects)
    _without("index")(objects)


def _index_zero(objects: list[Json]) -> None:
    _whole(objects)
    for call in calls(objects):
        call["index"] = 0


def _object(objects: list[Json]) -> None:
    _whole(objects)
    for call in calls(objects):
        try:
            parsed = json.loads(call["function"]["arguments"])
        except ValueError:
            continue
        if isinstance(parsed, dict):
            call["function"]["arguments"] = parsed


def _function_call(objects: list[Json]) -> None:
    if any(call.get("index") for call in calls(objects)) or len(list(calls(objects[:1]))) > 1:
        return  # function_call cannot carry more than one
    if not any(calls(objects)):
        return
    for message in messages(objects):
        for call in message.pop("tool_calls", None) or ():
            message["function_call"] = call["function"]
    for choice in choices(objects):
        if choice["finish_reason"] is not None:
            choice["finish_reason"] = "function_call"


CALL_QUIRKS: dict[Mode, Quirk] = {
    Mode.CALL_TINY_PIECES: _tiny_pieces,
    Mode.CALL_WHOLE: _whole,
    Mode.ARGUMENTS_OBJECT: _object,
    Mode.CALL_NO_ID: _without("id"),
    Mode.CALL_EMPTY_ID: _set("id", ""),
    Mode.CALL_SAME_ID: _set("id", _THE_SAME),
    Mode.CALL_NO_INDEX: _no_index,
    Mode.CALL_INDEX_ZERO: _index_zero,
    Mode.CALL_NO_TYPE: _without("type"),
    Mode.CALL_TYPE_NULL: _set("type", None),
    Mode.CALL_FUNCTION_CALL: _function_call,
}
"""In the order in which they are applied when there are several; before those of the answer."""
