"""Access to the parts of a plain completion or of a stream's chunks: both are lists of JSON objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.openai_wire import Json

Quirk = Callable[[list[Json]], None]
"""Edits the objects of one answer, which are built for it alone: one plain body, or the chunks of a stream."""


def choices(objects: list[Json]) -> Iterator[Json]:
    """Every choice of every object."""
    for found in objects:
        yield from found["choices"]


def messages(objects: list[Json]) -> Iterator[Json]:
    """The message of a plain body, or the deltas of a stream."""
    for choice in choices(objects):
        message = choice.get("message") or choice.get("delta")
        if message is not None:
            yield message


def calls(objects: list[Json]) -> Iterator[Json]:
    """Every tool call, or piece of one."""
    for message in messages(objects):
        yield from message.get("tool_calls") or ()


def is_stream(objects: list[Json]) -> bool:
    """Whether these are the chunks of a stream."""
    return "message" not in next(choices(objects), {})


def middle(chunks: list[Json]) -> int:
    """Where something goes between a stream's first chunk and its last with a choice."""
    return max(1, sum(bool(chunk["choices"]) for chunk in chunks) // 2)


def like(chunk: Json, delta: Any) -> Json:
    """A chunk as another, with a delta of its own."""
    return chunk | {"choices": [chunk["choices"][0] | {"delta": delta, "finish_reason": None}]}


def text_chunks(chunks: list[Json]) -> list[int]:
    """Positions of the chunks that bring text."""
    found = []
    for i, chunk in enumerate(chunks):
        if any(isinstance(delta.get("content"), str) and delta["content"] for delta in messages([chunk])):
            found.append(i)
    return found
