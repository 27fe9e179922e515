"""The fake server's answers have the quirks of their modes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.openai_client import (
    FRANCE,
    chunks,
    film_request,
    messages,
    opinion_request,
    plain,
    post,
    request,
    text_of,
)
from tests.fakes.openai_server import FakeOpenAI, Mode
from tests.fakes.openai_texts import REFUSAL, THOUGHT

pytestmark = pytest.mark.servers

ANSWER = f"General answer: {FRANCE}"
OPINION = '{"recommended": true, "summary": "text"}'


def finish_reasons(server: FakeOpenAI, body: dict[str, Any]) -> tuple[Any, list[Any]]:
    """finish_reason of the plain answer, and of each chunk of the same request streamed."""
    choice = plain(server, body)["choices"][0]
    streamed = [choice.get("finish_reason", "missing") for chunk in chunks(server, body) for choice in chunk["choices"]]
    return choice.get("finish_reason", "missing"), streamed


def said(server: FakeOpenAI, body: dict[str, Any]) -> str:
    """The text of the answer, which is the same in a plain body and in a stream."""
    message, deltas = messages(server, body)
    assert message["content"] == text_of(deltas)
    return str(message["content"])


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (Mode.FINISH_CONTENT_FILTER, "content_filter"),
        (Mode.FINISH_EOS, "eos"),
        (Mode.FINISH_EOS_TOKEN, "eos_token"),
        (Mode.FINISH_END_TURN, "end_turn"),
        (Mode.FINISH_END, "end"),
        (Mode.FINISH_STOP_SEQUENCE, "stop_sequence"),
        (Mode.FINISH_EMPTY, ""),
        (Mode.FINISH_NULL, None),
    ],
)
def test_finish_reasons_are_those_of_their_modes(server: FakeOpenAI, mode: Mode, reason: str | None) -> None:
    server.mode = mode
    for body in (request(), film_request()):
        whole, streamed = finish_reasons(server, body)
        assert whole == reason
        assert (set(streamed[:-1]), streamed[-1]) == ({None}, reason)
    assert said(server, request()) == ANSWER


def test_a_finish_reason_can_be_missing(server: FakeOpenAI) -> None:
    server.mode = Mode.FINISH_MISSING
    whole, streamed = finish_reasons(server, request())
    assert (whole, set(streamed)) == ("missing", {"missing"})


@pytest.mark.parametrize(
    ("mode", "reason"), [(Mode.FINISH_TOOL_CALL, "tool_call"), (Mode.FINISH_STOP_WITH_CALLS, "stop")]
)
def test_tool_calls_can_have_a_finish_reason_of_their_own(server: FakeOpenAI, mode: Mode, reason: str) -> None:
    server.mode = mode
    whole, streamed = finish_reasons(server, film_request())
    assert (whole, streamed[-1]) == (reason, reason)
    assert finish_reasons(server, request())[0] == "stop"


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (Mode.THOUGHT, f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"),
        (Mode.THOUGHT_IN_PIECES, f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"),
        (Mode.THOUGHT_ONLY_CLOSED, f"{THOUGHT}\n</think>\n\n{ANSWER}"),
        (Mode.THOUGHT_CLOSED_IN_PIECES, f"{THOUGHT}\n</think>\n\n{ANSWER}"),
        (Mode.THOUGHT_THINKING_TAG, f"<thinking>{THOUGHT}</thinking>{ANSWER}"),
        (Mode.THOUGHT_BRACKETS, f"[THINK]{THOUGHT}[/THINK]{ANSWER}"),
        (Mode.THOUGHT_THOUGHT_TAG, f"<thought>\n{THOUGHT}\n</thought>\n{ANSWER}"),
        (
            Mode.THOUGHT_CHANNELS,
            f"<|channel|>analysis<|message|>{THOUGHT}<|end|>" f"<|start|>assistant<|channel|>final<|message|>{ANSWER}",
        ),
        (Mode.TINY_PIECES, ANSWER),
        (Mode.HALF_SURROGATE, f"{ANSWER}\ud83d"),
    ],
)
def test_texts_are_those_of_their_modes(server: FakeOpenAI, mode: Mode, text: str) -> None:
    server.mode = mode
    assert said(server, request()) == text


def test_half_a_surrogate_is_sent_as_an_escape(server: FakeOpenAI) -> None:
    server.mode = Mode.HALF_SURROGATE
    assert b"\\ud83d" in post(server, request()).content
    assert b"\\ud83d" in post(server, request(stream=True)).content


@pytest.mark.parametrize("mode", [Mode.THOUGHT_IN_PIECES, Mode.THOUGHT_CLOSED_IN_PIECES, Mode.TINY_PIECES])
def test_pieces_are_tiny(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    pieces = [delta["content"] for delta in messages(server, request())[1] if delta.get("content")]
    assert {len(piece) for piece in pieces[:-1]} == {1, 2, 3}


def test_a_thought_before_json_holds_a_draft(server: FakeOpenAI) -> None:
    server.mode = Mode.THOUGHT
    text = said(server, opinion_request())
    thought, answer = text.split("</think>")
    assert '{"summary": ' in thought
    assert answer.strip() == OPINION


def test_a_thought_can_come_before_a_tool_call(server: FakeOpenAI) -> None:
    server.mode = Mode.THOUGHT_BEFORE_CALL
    message, deltas = messages(server, film_request())
    assert message["content"] == text_of(deltas) == f"<think>\n{THOUGHT}\n</think>\n\n"
    assert message["tool_calls"][0]["function"]["name"] == "film_search-search_films"
    assert said(server, request()) == ANSWER


@pytest.mark.parametrize(
    ("mode", "reason"), [(Mode.UNCLOSED_THOUGHT_LENGTH, "length"), (Mode.UNCLOSED_THOUGHT_STOP, "stop")]
)
def test_a_thought_can_have_no_end(server: FakeOpenAI, mode: Mode, reason: str) -> None:
    server.mode = mode
    text = said(server, request())
    assert text.startswith("<think>")
    assert "</think>" not in text
    assert ANSWER not in text
    whole, streamed = finish_reasons(server, request())
    assert (whole, streamed[-1]) == (reason, reason)


def test_content_can_be_a_list_of_parts(server: FakeOpenAI) -> None:
    server.mode = Mode.CONTENT_PARTS
    message, deltas = messages(server, request())
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    assert message["content"] == [thinking, {"type": "text", "text": ANSWER}]
    parts = [part for delta in deltas for part in delta.get("content") or ()]
    assert parts[0] == thinking
    assert "".join(part["text"] for part in parts[1:]) == ANSWER


@pytest.mark.parametrize("mode", [Mode.REASONING_CONTENT, Mode.REASONING])
def test_thoughts_can_come_beside_the_content(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    message, deltas = messages(server, request())
    assert (message["content"], message[mode.value]) == (ANSWER, THOUGHT)
    assert "".join(delta.get(mode.value, "") for delta in deltas) == THOUGHT
    assert text_of(deltas) == ANSWER


def test_a_refusal_has_no_content(server: FakeOpenAI) -> None:
    server.mode = Mode.REFUSAL
    message, deltas = messages(server, request())
    assert (message["content"], message["refusal"]) == (None, REFUSAL)
    assert text_of(deltas) == ""
    assert "".join(delta.get("refusal") or "" for delta in deltas) == REFUSAL


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (Mode.JSON_FENCED, f"```json\n{OPINION}\n```"),
        (Mode.JSON_AFTER_PROSE, f"Here is the JSON:\n\n{OPINION}"),
        (Mode.JSON_BEFORE_PROSE, f"{OPINION}\n\nLet me know if you need anything else!"),
        (Mode.JSON_LOOSE_TYPES, '{"recommended": "yes", "summary": "text"}'),
        (Mode.JSON_WRONG, '{"unexpected": [42]}'),
    ],
)
def test_json_is_wrapped_or_spoiled(server: FakeOpenAI, mode: Mode, text: str) -> None:
    server.mode = mode
    assert said(server, opinion_request()) == text
    assert said(server, request()) == ANSWER
