"""The fake server's quirks combine: drawn from a seed, added to a mode, with a scripted reply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.openai_client import (
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

pytestmark = pytest.mark.servers


def said(server: FakeOpenAI, body: dict[str, Any]) -> str:
    """The text of the answer, which is the same in a plain body and in a stream."""
    message, deltas = messages(server, body)
    assert message["content"] == text_of(deltas)
    return str(message["content"])


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
