"""Hostile modes: endless bodies, compressed bombs, absurd tool calls."""

from __future__ import annotations

import itertools
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.openai_brain import first_step, response_schema, tool_complained
from tests.fakes.openai_modes import Mode
from tests.fakes.openai_plan import EVENTS, Ask, End, Plan
from tests.fakes.openai_schema import example
from tests.fakes.openai_texts import Saying
from tests.fakes.openai_wire import Json, Reply, ToolCall, body_object, chunk_objects, event

LONG_TEXT = 1_000_000
HUGE_ANSWER = 500_000
HUGE_NAME = 100_000
HUGE_ARGUMENTS = 1_000_000
LONG_QUESTION = 200_000
DEPTH = 100_000
DIGITS = 6000
CALLS = 1000
MANY_CHUNKS = 100_000
ENDLESS_BYTES = 64 * 2**20
"""After so much the server drops the connection, lest a client without bounds take the test's machine down."""
BOMB_BYTES = 200_000_000

_PART = 64 * 2**10
_PACE = 0.001
_MARK = "@@"
_ID = "chatcmpl-hostile"
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def _once(saying: Saying) -> Saying:
    """Say it to a question alone: to tool results the model answers, and after a complaint it calls as it should."""

    def said(body: Json, reply: Reply) -> Reply:
        if body["messages"][-1]["role"] != "tool":
            return saying(body, reply)
        return first_step(body) if tool_complained(body) else reply

    return said


def _calling(arguments: Callable[[Json], str]) -> Saying:
    """Call a tool with arguments that depend on its schema; without tools, spoil the JSON asked for, if it is."""

    def saying(body: Json, reply: Reply) -> Reply:
        function = _function(body)
        if function is not None:
            return Reply(calls=(ToolCall(function["name"], arguments(function)),))
        schema = response_schema(body)
        return reply if reply.calls or schema is None else Reply(arguments({"parameters": schema}))

    return saying


def _function(body: Json) -> Json | None:
    """The search if it is offered, or the first tool that is not a handoff."""
    functions = [tool["function"] for tool in body.get("tools") or ()]
    own = [function for function in functions if not function["name"].startswith("Handoff")]
    search = [function for function in own if function["name"].endswith("search_films")]
    return next(iter([*search, *own]), None)


def _spoiled(raw: str, *kinds: str) -> Saying:
    """Plausible arguments, in which this JSON takes the place of one: of these types, if there is one."""

    def arguments(function: Json) -> str:
        schema = function.get("parameters") or {}
        properties: Json = schema.get("properties", {})
        wanted = [name for name, value in properties.items() if value.get("type") in kinds]
        spoiled = next(iter([*wanted, *properties]), "title")
        return json.dumps(example(schema) | {spoiled: _MARK}).replace(f'"{_MARK}"', raw)

    return _once(_calling(arguments))


def _huge_name(body: Json, reply: Reply) -> Reply:
    return Reply(calls=(ToolCall("x" * HUGE_NAME),)) if body.get("tools") else reply


def _thousand_calls(body: Json, reply: Reply) -> Reply:
    function = _function(body)
    if function is None:
        return reply
    filled = [json.dumps({"title": f"Film {i}"}) for i in range(CALLS)]
    return Reply(calls=tuple(ToolCall(function["name"], arguments) for arguments in filled))


def _long_question(body: Json, reply: Reply) -> Reply:
    names = [tool["function"]["name"] for tool in body.get("tools") or ()]
    asking = next((name for name in names if name.endswith("ask_user")), None)
    if asking is None:
        return reply
    return Reply(calls=(ToolCall(asking, json.dumps({"question": "Which one? " * (LONG_QUESTION // 11)})),))


HOSTILE_SAYINGS: dict[Mode, Saying] = {
    Mode.HUGE_ANSWER: lambda body, reply: Reply("a" * HUGE_ANSWER),
    Mode.HUGE_TOOL_NAME: _once(_huge_name),
    Mode.HUGE_ARGUMENTS: _spoiled(json.dumps("a" * HUGE_ARGUMENTS), "string"),
    Mode.DEEP_ARGUMENTS: _spoiled("[" * DEPTH + "]" * DEPTH),
    Mode.HUGE_INTEGER: _spoiled("9" * DIGITS, "integer"),
    Mode.NAN_ARGUMENTS: _spoiled("NaN", "integer", "number"),
    Mode.INFINITE_ARGUMENTS: _spoiled("Infinity", "integer", "number"),
    Mode.THOUSAND_CALLS: _once(_thousand_calls),
    Mode.LONG_ASK_USER: _once(_long_question),
}


def _long(field: str, piece: str, count: int, finish: str) -> Callable[[Ask], Plan]:
    """So many pieces in a field of the deltas, or all of them in one plain message."""

    def plan(ask: Ask) -> Plan:
        if ask.streamed:
            return Plan(_batches(_pieces(ask, field, piece, count, finish)), EVENTS, pace=_PACE)
        body = _plain(ask)
        body["choices"][0]["finish_reason"] = finish
        body["choices"][0]["message"] |= {field: piece * count}
        raw = json.dumps(body).encode()
        return Plan((raw,), length=len(raw))

    return plan


def _pieces(ask: Ask, field: str, piece: str, count: int | None, finish: str) -> Iterator[bytes]:
    opening, last, *usage = _chunks(ask)
    yield event(json.dumps(opening))
    said = event(json.dumps(opening | {"choices": [opening["choices"][0] | {"delta": {field: piece}}]}))
    yield from itertools.repeat(said) if count is None else itertools.repeat(said, count)
    last["choices"][0]["finish_reason"] = finish
    yield from (event(json.dumps(chunk)) for chunk in (last, *usage))
    yield event("[DONE]")


def _batches(events: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in writes of about 64 kB."""
    batch: list[bytes] = []
    size = 0
    for found in events:
        batch.append(found)
        size += len(found)
        if size >= _PART:
            yield b"".join(batch)
            batch, size = [], 0
    yield b"".join(batch)


def _endless_line(ask: Ask) -> Plan:
    start = _around(ask)[0]
    parts = itertools.chain([start], itertools.repeat(b"a" * _PART, ENDLESS_BYTES // _PART))
    return Plan(parts, EVENTS if ask.streamed else "application/json", end=End.DROP, pace=_PACE)


def _endless_body(ask: Ask) -> Plan:
    if ask.streamed:
        events = _batches(_pieces(ask, "content", "More and more. ", None, "stop"))
        return Plan(itertools.islice(events, ENDLESS_BYTES // _PART), EVENTS, end=End.DROP, pace=_PACE)
    blank = itertools.repeat(b" " * (_PART - 1) + b"\n", ENDLESS_BYTES // _PART)
    return Plan(blank, end=End.DROP, pace=_PACE)


def _gzip_bomb(ask: Ask) -> Plan:
    headers = (("content-encoding", "gzip"),)
    return Plan(_bomb(*_around(ask)), EVENTS if ask.streamed else "application/json", headers=headers, pace=_PACE)


def _bomb(start: bytes, end: bytes) -> Iterator[bytes]:
    """A gzip member of a text that is nearly all one letter: a megabyte of it, compressed once, sent over and over."""
    yield _GZIP_HEADER
    filling = b"a" * 1_000_000
    before, block, after = _deflated(start), _deflated(filling), _deflated(end, last=True)
    times = BOMB_BYTES // len(filling)
    checksum = zlib.crc32(start)
    yield before
    for _ in range(times):
        checksum = zlib.crc32(filling, checksum)
        yield block
    checksum = zlib.crc32(end, checksum)
    size = len(start) + times * len(filling) + len(end)
    yield after + struct.pack("<II", checksum, size % 2**32)


def _deflated(part: bytes, *, last: bool = False) -> bytes:
    """A piece of a deflate stream that does not depend on what came before."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(part) + compressor.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _around(ask: Ask) -> tuple[bytes, bytes]:
    """What comes before and after the text of an answer: of a plain body, or of a stream with one piece."""
    if not ask.streamed:
        body = _plain(ask)
        body["choices"][0]["message"]["content"] = _MARK
        start, end = json.dumps(body).split(_MARK)
        return start.encode(), end.encode()
    opening, last, *_ = _chunks(ask)
    said = opening | {"choices": [opening["choices"][0] | {"delta": {"content": _MARK}}]}
    start, end = b"".join(event(json.dumps(chunk)) for chunk in (opening, said, last)).decode().split(_MARK)
    return start.encode(), (end + "data: [DONE]\n\n").encode()


def _plain(ask: Ask) -> Json:
    return body_object(Reply(), ask.model, 1) | {"id": _ID}


def _chunks(ask: Ask) -> list[Json]:
    """A role, a finish_reason and, if it was asked for, the usage."""
    found: list[Any] = chunk_objects(Reply(), ask.model, 1, usage=ask.usage)
    return [chunk | {"id": _ID} for chunk in found]


HOSTILE_PLANS: dict[Mode, Callable[[Ask], Plan]] = {
    Mode.LONG_STREAM: _long("content", "Ten chars.", LONG_TEXT // 10, "stop"),
    Mode.MANY_CHUNKS: _long("content", "a", MANY_CHUNKS, "stop"),
    Mode.ENDLESS_REASONING: _long("reasoning_content", "Hmm, no. ", LONG_TEXT // 9, "length"),
    Mode.ENDLESS_LINE: _endless_line,
    Mode.ENDLESS_BODY: _endless_body,
    Mode.GZIP_BOMB: _gzip_bomb,
}
