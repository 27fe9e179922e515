"""The fake server's answers have the quirks that their modes are named after, on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.openai_client import (
    FRANCE,
    chunks,
    datas,
    film_request,
    messages,
    opinion_request,
    plain,
    post,
    request,
    text_of,
)
from tests.fakes.openai_groups import HARMLESS, HARMLESS_FAMILIES, draw
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, Reply, fake_openai
from tests.fakes.openai_texts import REFUSAL, THOUGHT

ANSWER = f"General answer: {FRANCE}"
OPINION = '{"recommended": true, "summary": "text"}'


@pytest.fixture(scope="module")
def running_server() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture
def server(running_server: FakeOpenAI) -> FakeOpenAI:
    running_server.reset()
    return running_server


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


@pytest.mark.parametrize(
    ("mode", "usage"),
    [
        (Mode.USAGE_NULL, None),
        (Mode.USAGE_PARTIAL, {"prompt_tokens": int}),
        (Mode.USAGE_NULL_FIELDS, dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), type(None))),
        (Mode.USAGE_TEXT, dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), str)),
    ],
)
def test_usage_has_holes(server: FakeOpenAI, mode: Mode, usage: dict[str, type] | None) -> None:
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
def test_roles_are_others(server: FakeOpenAI, mode: Mode, whole: str | None, streamed: set[str]) -> None:
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
def test_envelopes_have_holes(server: FakeOpenAI, mode: Mode, field: str, value: Any) -> None:
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


def without_ids(raw: str, server: FakeOpenAI) -> str:
    """A body with the ids of this completion masked: they are new in each."""
    return raw.replace(f"{server._run}{server.calls:08x}", "ID")


@pytest.mark.parametrize("mode", HARMLESS)
def test_each_harmless_mode_shows_on_the_wire(server: FakeOpenAI, mode: Mode) -> None:
    shown = False
    for body in (request(), film_request(), request(tools=film_tools()[1:]), opinion_request()):
        for stream in ({}, {"stream": True, "stream_options": {"include_usage": True}}):
            server.script([Mode.NORMAL, mode])
            normal, quirky = (without_ids(post(server, body | stream).text, server) for _ in range(2))
            shown |= normal != quirky
    assert shown


def film_tools() -> tuple[Any, ...]:
    return tuple(tool["function"] for tool in film_request()["tools"])


def test_a_scripted_reply_has_the_quirks_of_its_behaviour(server: FakeOpenAI) -> None:
    server.script([Behaviour(Mode.THOUGHT, Reply("Paris."), also=(Mode.FINISH_EOS, Mode.NO_CREATED))])
    body = plain(server, request())
    assert body["choices"][0]["message"]["content"].endswith("</think>\n\nParis.")
    assert body["choices"][0]["finish_reason"] == "eos"
    assert "created" not in body


def test_quirks_can_be_added_to_any_mode(server: FakeOpenAI) -> None:
    server.mode, server.also = Mode.REFUSES_MAX_TOKENS, (Mode.THOUGHT,)
    assert post(server, request(max_tokens=10)).status_code == 400
    assert said(server, request()).startswith("<think>")
    assert server.requests[-1].modes == (Mode.REFUSES_MAX_TOKENS, Mode.THOUGHT)


def test_harmless_quirks_depend_on_the_seed_and_the_question(server: FakeOpenAI) -> None:
    server.mode = Mode.HARMLESS_QUIRKS
    bodies = [request(f"Question {i}") for i in range(30)]

    def drawn(seed: int) -> list[tuple[Mode, ...]]:
        server.seed = seed
        server.requests.clear()
        for body in bodies:
            assert post(server, body).status_code == 200
        return [recorded.modes for recorded in server.requests]

    first = drawn(1)
    assert first == drawn(1)
    assert first != drawn(2)
    assert len(set(first)) > 25
    family = {mode: name for name, modes in HARMLESS_FAMILIES.items() for mode in modes}
    for head, *quirks in first:
        assert head is Mode.HARMLESS_QUIRKS
        assert 1 <= len({family[mode] for mode in quirks}) == len(quirks) <= 5


def test_harmless_quirks_do_not_depend_on_the_ids_of_tool_calls(server: FakeOpenAI) -> None:
    server.mode = Mode.HARMLESS_QUIRKS
    for name in ("call_1", "call_2"):
        call = {"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        history = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": name, "content": "{}"},
        ]
        post(server, request() | {"messages": history})
    assert server.requests[0].modes == server.requests[1].modes


def test_a_whole_suite_can_meet_harmless_quirks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OPENAI_SEED", "7")
    with fake_openai() as mixed, fake_openai(plain=True) as unmixed:
        for server in (mixed, unmixed):
            server.script([Mode.NORMAL, Reply("Paris."), Mode.EMPTY])
            for _ in range(4):
                post(server, request())
        assert [recorded.modes[0] for recorded in mixed.requests] == [
            Mode.HARMLESS_QUIRKS,
            Mode.HARMLESS_QUIRKS,
            Mode.EMPTY,
            Mode.HARMLESS_QUIRKS,
        ]
        assert mixed.requests[0].modes == (Mode.HARMLESS_QUIRKS, *draw(7, request()))
        assert {recorded.modes for recorded in unmixed.requests} == {(Mode.NORMAL,), (Mode.EMPTY,)}


def test_no_combination_of_harmless_quirks_breaks_the_wire(server: FakeOpenAI) -> None:
    server.mode = Mode.HARMLESS_QUIRKS
    for seed in range(60):
        server.seed = seed
        for body in (request(), film_request(), opinion_request()):
            assert plain(server, body)["choices"]
            streamed = datas(server, body)
            assert all(json.loads(data) for data in streamed if data != "[DONE]"), server.requests[-1].modes
