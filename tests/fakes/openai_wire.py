"""A model's reply, as OpenAI's chat completions API puts it on the wire."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Json = dict[str, Any]

_ID = "@@id@@"
"""Stands for the completion's id in bodies that are built once and sent many times."""

_CREATED = int(time.time())
_WORDS_PER_CHUNK = 3
_WORD = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True)
class ToolCall:
    """`arguments` is JSON text, which a misbehaving model may get wrong."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True)
class Reply:
    """One completion: text, tool calls or both. `finish_reason` follows from them unless given."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""

    @property
    def finish(self) -> str:
        """The finish_reason on the wire."""
        return self.finish_reason or ("tool_calls" if self.calls else "stop")


def text_pieces(text: str) -> list[str]:
    """The text in pieces of a few words, as a streaming model sends it; joined, they are the text again."""
    words = _WORD.findall(text)
    return ["".join(words[i : i + _WORDS_PER_CHUNK]) for i in range(0, len(words), _WORDS_PER_CHUNK)]


def argument_pieces(arguments: str) -> list[str]:
    """A tool call's arguments in two pieces, neither of which is JSON by itself."""
    half = len(arguments) // 2
    return [arguments[:half], arguments[half:]]


def stamped(template: bytes, completion_id: str) -> bytes:
    """The finished body: the completion's id, and with it the ids of its tool calls, filled in."""
    return template.replace(_ID.encode(), completion_id.encode())


def body_object(reply: Reply, model: str, prompt_tokens: int) -> Json:
    """The body of a completion that is not streamed, before its id is filled in."""
    message: Json = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.calls:
        message["tool_calls"] = [
            {"id": _call_id(i), "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for i, c in enumerate(reply.calls)
        ]
    elif not reply.text:
        message["content"] = ""
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
    return _envelope("chat.completion", model, [choice]) | {"usage": _usage(reply, prompt_tokens)}


def chunk_objects(reply: Reply, model: str, prompt_tokens: int, *, usage: bool) -> list[Json]:
    """The chunks of a streamed completion; `usage` adds the extra one that stream_options asks for."""
    extra: Json = {"usage": None} if usage else {}
    steps = [(delta, None) for delta in _deltas(reply)]
    chunks = [
        _envelope("chat.completion.chunk", model, [_chunk_choice(delta, finish)]) | extra
        for delta, finish in [*steps, ({}, reply.finish)]
    ]
    if usage:
        last = _envelope("chat.completion.chunk", model, [])
        chunks.append(last | {"usage": _usage(reply, prompt_tokens)})
    return chunks


def event(data: str) -> bytes:
    """One server-sent event."""
    return f"data: {data}\n\n".encode()


@lru_cache(maxsize=2048)
def body_template(reply: Reply, model: str, prompt_tokens: int) -> bytes:
    """The body of a completion that is not streamed."""
    return json.dumps(body_object(reply, model, prompt_tokens)).encode()


@lru_cache(maxsize=2048)
def event_templates(reply: Reply, model: str, prompt_tokens: int, *, usage: bool) -> tuple[bytes, ...]:
    """The events of a streamed completion."""
    chunks = chunk_objects(reply, model, prompt_tokens, usage=usage)
    return (*(event(json.dumps(chunk)) for chunk in chunks), event("[DONE]"))


def no_choices_body(model: str, prompt_tokens: int) -> bytes:
    """A completion whose list of choices is empty."""
    body = _envelope("chat.completion", model, []) | {"usage": _usage(Reply(), prompt_tokens)}
    return json.dumps(body).encode()


def no_choices_events(model: str, prompt_tokens: int) -> tuple[bytes, ...]:
    """A stream whose only chunk has no choices."""
    chunk = _envelope("chat.completion.chunk", model, []) | {"usage": _usage(Reply(), prompt_tokens)}
    return (event(json.dumps(chunk)), event("[DONE]"))


def _envelope(kind: str, model: str, choices: list[Json]) -> Json:
    return {
        "id": f"chatcmpl-{_ID}",
        "object": kind,
        "created": _CREATED,
        "model": model,
        "system_fingerprint": "fp_fake",
        "choices": choices,
    }


def _usage(reply: Reply, prompt_tokens: int) -> Json:
    said = len(reply.text) + sum(len(call.name) + len(call.arguments) for call in reply.calls)
    completion_tokens = 1 + said // 4
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def _deltas(reply: Reply) -> list[Json]:
    deltas: list[Json] = [{"role": "assistant", "content": None if reply.calls and not reply.text else ""}]
    deltas += [{"content": piece} for piece in text_pieces(reply.text)]
    for i, call in enumerate(reply.calls):
        opening = {"id": _call_id(i), "type": "function", "function": {"name": call.name, "arguments": ""}}
        deltas.append({"tool_calls": [{"index": i} | opening]})
        deltas += [
            {"tool_calls": [{"index": i, "function": {"arguments": piece}}]}
            for piece in argument_pieces(call.arguments)
        ]
    return deltas


def _chunk_choice(delta: Json, finish: str | None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _call_id(index: int) -> str:
    return f"call_{_ID}_{index}"
