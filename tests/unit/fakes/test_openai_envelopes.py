"""The envelopes of the fake server's answers have the quirks of their modes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.openai_client import (
    FRANCE,
    chunks,
    film_request,
    messages,
    plain,
    post,
    request,
    text_of,
)
from tests.fakes.openai_server import FakeOpenAI, Mode

pytestmark = pytest.mark.servers

ANSWER = f"General answer: {FRANCE}"


def said(server: FakeOpenAI, body: dict[str, Any]) -> str:
    """The text of the answer, which is the same in a plain body and in a stream."""
    message, deltas = messages(server, body)
    assert message["content"] == text_of(deltas)
    return str(message["content"])


@pytest.mark.parametrize(
    ("mode", "usage"),
    [
        (Mode.USAGE_NULL, None),
        (Mode.USAGE_PARTIAL, {"prompt_tokens": int}),
        (Mode.USAGE_NULL_FIELDS, dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), type(None))),
        (Mode.USAGE_TEXT, dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), str)),
    ],
)
def test_usage_can_lack_fields(server: FakeOpenAI, mode: Mode, usage: dict[str, type] | None) -> None:
    server.mode = mode
    for found in (plain(server, request()), chunks(server, request())[-1]):
        types = {key: type(value) for key, value in found["usage"].items()} if found["usage"] else found["usage"]
        assert types == usage


@pytest.mark.parametrize(("mode", "last"), [(Mode.USAGE_ABSENT, []), (Mode.NO_USAGE_CHUNK, ["stop"])])
def test_usage_can_be_absent(server: FakeOpenAI, mode: Mode, last: list[str]) -> None:
    server.mode = mode
    assert "usage" not in plain(server, request())
    streamed = chunks(server, request())
    assert not any("usage" in chunk for chunk in streamed)
    assert [choice["finish_reason"] for choice in streamed[-1]["choices"]] == last


def test_there_can_be_two_choices(server: FakeOpenAI) -> None:
    server.mode = Mode.TWO_CHOICES
    assert [choice["message"]["content"] for choice in plain(server, request())["choices"]] == [
        ANSWER,
        "Another answer.",
    ]
    texts = {0: "", 1: ""}
    for chunk in chunks(server, request()):
        for choice in chunk["choices"]:
            texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == {0: ANSWER, 1: "Another answer."}


@pytest.mark.parametrize(
    ("mode", "whole", "streamed"),
    [
        (Mode.ROLE_MODEL, "model", {"model"}),
        (Mode.ROLE_TOOL, "tool", {"tool"}),
        (Mode.NO_ROLE, None, set()),
    ],
)
def test_messages_can_have_other_roles(server: FakeOpenAI, mode: Mode, whole: str | None, streamed: set[str]) -> None:
    server.mode = mode
    message, deltas = messages(server, request())
    assert message.get("role") == whole
    assert {delta["role"] for delta in deltas if "role" in delta} == streamed


def test_each_chunk_can_name_the_role(server: FakeOpenAI) -> None:
    server.mode = Mode.ROLE_IN_EVERY_CHUNK
    assert {delta.get("role") for delta in messages(server, request())[1]} == {"assistant"}


def test_a_delta_can_be_null(server: FakeOpenAI) -> None:
    server.mode = Mode.DELTA_NULL
    deltas = [choice["delta"] for chunk in chunks(server, request()) for choice in chunk["choices"]]
    assert deltas[-1] is None
    assert None in deltas[1:-1]
    assert text_of([delta for delta in deltas if delta]) == ANSWER


def test_a_chunk_in_the_middle_can_have_no_choices(server: FakeOpenAI) -> None:
    server.mode = Mode.EMPTY_CHOICES_CHUNK
    counts = [len(chunk["choices"]) for chunk in chunks(server, request())]
    assert 0 in counts[1:-2]


def test_unknown_fields_are_on_each_level(server: FakeOpenAI) -> None:
    server.mode = Mode.UNKNOWN_FIELDS
    for found in (plain(server, film_request()), chunks(server, film_request())[1]):
        choice = found["choices"][0]
        message = choice.get("message") or choice["delta"]
        levels = [found, choice, message, message["tool_calls"][0], message["tool_calls"][0]["function"]]
        assert all(any(key.startswith("x_") for key in level) for level in levels)


@pytest.mark.parametrize(
    ("mode", "field", "value"),
    [
        (Mode.NO_COMPLETION_ID, "id", "missing"),
        (Mode.NO_CREATED, "created", "missing"),
        (Mode.NO_MODEL, "model", "missing"),
        (Mode.NO_OBJECT, "object", "missing"),
        (Mode.CREATED_FLOAT, "created", 1760000000.25),
        (Mode.CREATED_TEXT, "created", "2025-10-09T08:53:20.123456Z"),
    ],
)
def test_envelopes_can_lack_fields(server: FakeOpenAI, mode: Mode, field: str, value: Any) -> None:
    server.mode = mode
    assert {found.get(field, "missing") for found in [plain(server, request()), *chunks(server, request())]} == {value}


def test_azure_sends_the_results_of_its_filter(server: FakeOpenAI) -> None:
    server.mode = Mode.AZURE_FILTER_RESULTS
    body = plain(server, request())
    assert body["prompt_filter_results"][0]["prompt_index"] == 0
    assert body["choices"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    first, *others = chunks(server, request())
    assert (first["choices"], first["id"], "prompt_filter_results" in first) == ([], "", True)
    assert all("content_filter_results" in choice for chunk in others for choice in chunk["choices"])


def test_azure_filters_asynchronously(server: FakeOpenAI) -> None:
    server.mode = Mode.AZURE_ASYNC_FILTER
    for body in (request(), film_request()):
        streamed = chunks(server, body)
        assert "prompt_filter_results" in streamed[0]
        found = [choice for chunk in streamed for choice in chunk["choices"]]
        offsets = [choice for choice in found if "content_filter_offsets" in choice]
        assert len(offsets) == 2
        assert not any("delta" in choice for choice in offsets)
        assert found.index(offsets[0]) not in (0, len(found) - 1)
        assert found[-1]["finish_reason"] is not None


def test_azure_stops_in_the_middle(server: FakeOpenAI) -> None:
    server.mode = Mode.AZURE_CONTENT_FILTERED
    assert said(server, request()) == ANSWER[: len(ANSWER) // 2]
    choice = plain(server, request())["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_results"]["violence"]["filtered"] is True


@pytest.mark.parametrize(
    ("mode", "start", "end"),
    [
        (Mode.SSE_COMMENTS, b": ping\n\ndata: {", b": ping\n\ndata: [DONE]\n\n"),
        (Mode.SSE_CRLF, b"data: {", b"}\r\n\r\ndata: [DONE]\r\n\r\n"),
        (Mode.SSE_NO_SPACE, b"data:{", b"}\n\ndata:[DONE]\n\n"),
        (Mode.SSE_EVENT_LINES, b"event: message\nid: 7\ndata: {", b"event: message\nid: 7\ndata: [DONE]\n\n"),
        (Mode.NO_DONE, b"data: {", b"}\n\n"),
    ],
)
def test_events_are_framed_otherwise(server: FakeOpenAI, mode: Mode, start: bytes, end: bytes) -> None:
    server.mode = mode
    raw = post(server, request(stream=True)).content
    assert raw.startswith(start)
    assert raw.endswith(end)
    assert (b"[DONE]" in raw) == (mode is not Mode.NO_DONE)
    assert said(server, request()) == ANSWER
