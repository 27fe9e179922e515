"""The fake server's hostile modes send as much as they say, and stop when the client goes away."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.fakes import openai_hostile as hostile
from tests.fakes.openai_client import ASK_USER, SEARCH, film_request, opinion_request, plain, post, request
from tests.fakes.openai_server import FakeOpenAI, Mode

pytestmark = pytest.mark.servers


def stream(server: FakeOpenAI) -> list[Any]:
    """The deltas of a stream, one a chunk."""
    lines = post(server, request(stream=True)).text.splitlines()
    found = [json.loads(line[6:])["choices"][0] for line in lines if line and line != "data: [DONE]"]
    assert lines[-2] == "data: [DONE]"
    assert found[-1]["finish_reason"] in ("stop", "length")
    return [choice["delta"] for choice in found]


def only_call(server: FakeOpenAI, body: dict[str, Any]) -> tuple[str, str]:
    """Name and arguments of the one tool call of a plain answer."""
    (call,) = plain(server, body)["choices"][0]["message"]["tool_calls"]
    return call["function"]["name"], call["function"]["arguments"]


@pytest.mark.parametrize(
    ("mode", "field", "piece", "count"),
    [
        (Mode.LONG_STREAM, "content", 10, 100_000),
        (Mode.MANY_CHUNKS, "content", 1, 100_000),
        (Mode.ENDLESS_REASONING, "reasoning_content", 9, 111_111),
    ],
)
def test_streams_have_a_hundred_thousand_chunks(
    server: FakeOpenAI, mode: Mode, field: str, piece: int, count: int
) -> None:
    server.mode = mode
    pieces = [delta[field] for delta in stream(server) if delta.get(field)]
    assert (len(pieces), {len(text) for text in pieces}) == (count, {piece})
    message = plain(server, request())["choices"][0]["message"]
    assert len(message[field]) == count * piece


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_can_be_huge(server: FakeOpenAI, streamed: bool) -> None:
    server.mode = Mode.HUGE_ANSWER
    body = post(server, film_request(stream=streamed)).text
    assert body.count("a" * hostile.HUGE_ANSWER) == 1


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", [Mode.ENDLESS_LINE, Mode.ENDLESS_BODY])
def test_an_endless_answer_ends_when_the_client_leaves(server: FakeOpenAI, mode: Mode, streamed: bool) -> None:
    server.mode = mode
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=request(stream=streamed)) as response:
        received = b""
        for chunk in response.iter_raw():
            received += chunk
            if len(received) > 1_000_000:
                break
    one_line = b"\n" not in received.split(b'"content": "a', 1)[-1]
    assert one_line == (mode is Mode.ENDLESS_LINE)
    server.wait_until(lambda: server.disconnects == 1)


def test_an_endless_answer_is_bounded(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "ENDLESS_BYTES", 2**20)
    server.mode = Mode.ENDLESS_LINE
    received: list[int] = []
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=request(stream=True)) as response:
        sizes = (len(chunk) for chunk in response.iter_raw())
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(sizes)
    assert 2**20 <= sum(received) < 2**20 + 4096


@pytest.mark.parametrize("streamed", [False, True])
def test_a_bomb_unpacks_to_a_thousand_times_its_size(server: FakeOpenAI, streamed: bool) -> None:
    server.mode = Mode.GZIP_BOMB
    unpacked, tail = 0, b""
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=request(stream=streamed)) as response:
        assert response.headers["content-encoding"] == "gzip"
        for chunk in response.iter_bytes():
            unpacked += len(chunk)
            tail = (tail + chunk)[-200:]
    assert unpacked > hostile.BOMB_BYTES
    assert response.num_bytes_downloaded < hostile.BOMB_BYTES / 900
    assert (b"[DONE]" in tail) == streamed


def test_a_tool_can_have_a_huge_name(server: FakeOpenAI) -> None:
    server.mode = Mode.HUGE_TOOL_NAME
    assert len(only_call(server, film_request())[0]) == 100_000


@pytest.mark.parametrize(
    ("mode", "start", "size"),
    [
        (Mode.HUGE_ARGUMENTS, '{"title": "aaa', 1_000_000),
        (Mode.DEEP_ARGUMENTS, '{"title": [[[', 200_000),
        (Mode.HUGE_INTEGER, '{"title": "text", "limit": 999', 6000),
        (Mode.NAN_ARGUMENTS, '{"title": "text", "limit": NaN}', 0),
        (Mode.INFINITE_ARGUMENTS, '{"title": "text", "limit": Infinity}', 0),
    ],
)
def test_arguments_are_absurd(server: FakeOpenAI, mode: Mode, start: str, size: int) -> None:
    server.mode = mode
    name, arguments = only_call(server, film_request())
    assert name == SEARCH["name"]
    assert arguments.startswith(start)
    assert size < len(arguments) < size + 50


@pytest.mark.parametrize(
    ("mode", "start"),
    [
        (Mode.HUGE_ARGUMENTS, '{"recommended": true, "summary": "aaa'),
        (Mode.DEEP_ARGUMENTS, '{"recommended": [[['),
        (Mode.HUGE_INTEGER, '{"recommended": 999'),
        (Mode.NAN_ARGUMENTS, '{"recommended": NaN, "summary": "text"}'),
        (Mode.INFINITE_ARGUMENTS, '{"recommended": Infinity, "summary": "text"}'),
    ],
)
def test_json_that_was_asked_for_is_absurd(server: FakeOpenAI, mode: Mode, start: str) -> None:
    server.mode = mode
    assert plain(server, opinion_request())["choices"][0]["message"]["content"].startswith(start)


@pytest.mark.parametrize("mode", [Mode.NAN_ARGUMENTS, Mode.HUGE_INTEGER, Mode.HUGE_TOOL_NAME])
def test_a_model_that_is_told_of_its_mistake_calls_as_it_should(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    call = {"id": "call_1", "type": "function", "function": {"name": SEARCH["name"], "arguments": "{}"}}
    body = film_request()
    body["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"error": "limit must be a whole number"}'},
    ]
    assert only_call(server, body) == (SEARCH["name"], '{"title": "Alien cost"}')


def test_there_can_be_a_thousand_calls(server: FakeOpenAI) -> None:
    server.mode = Mode.THOUSAND_CALLS
    calls = plain(server, film_request())["choices"][0]["message"]["tool_calls"]
    assert len({call["id"] for call in calls}) == 1000
    assert calls[999]["function"]["arguments"] == '{"title": "Film 999"}'


def test_a_question_to_the_person_can_be_long(server: FakeOpenAI) -> None:
    server.mode = Mode.LONG_ASK_USER
    name, arguments = only_call(server, request(tools=(SEARCH, ASK_USER)))
    assert name == ASK_USER["name"]
    assert len(json.loads(arguments)["question"]) > 199_000


@pytest.mark.alone
def test_the_server_answers_others_while_it_sends_without_end(server: FakeOpenAI) -> None:
    server.script([Mode.ENDLESS_LINE])
    with httpx.stream("POST", f"{server.base_url}/chat/completions", json=request(stream=True)) as response:
        received = response.iter_raw()
        for _ in range(20):
            next(received)
            started = time.perf_counter()
            assert post(server, request()).status_code == 200
            assert time.perf_counter() - started < 1
