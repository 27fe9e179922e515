"""The fake server's tool calls have the quirks of their modes, and the turn continues after them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.openai_client import (
    FILM,
    FRANCE,
    SEARCH,
    TRANSFER,
    chunks,
    film_request,
    messages,
    plain,
    request,
    text_of,
)
from tests.fakes.openai_groups import HARMLESS, RECOVERED
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Mode, Reply, ToolCall

pytestmark = pytest.mark.servers

NAME = "film_search-search_films"
ARGUMENTS = '{"title": "Alien cost"}'
FOUND = json.dumps({"films": [{"title": "Alien", "categories": ["Horror"], "rental_rate": 2.99}]})
CALL_MODES = [mode for mode in HARMLESS if mode.value.startswith(("call_", "arguments_", "optional_", "numbers_"))]


def transfer_request() -> dict[str, Any]:
    return request(tools=(SEARCH, TRANSFER))


def calls(server: FakeOpenAI, body: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The tool calls of the plain answer, and all pieces of calls of the same request streamed."""
    message, deltas = messages(server, body)
    return message["tool_calls"], [piece for delta in deltas for piece in delta.get("tool_calls") or ()]


def functions(server: FakeOpenAI, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and arguments, which are the same in a plain body and in a stream."""
    whole, pieces = calls(server, body)
    joined: dict[int, list[str]] = {}
    for piece in pieces:
        found = joined.setdefault(piece["index"], ["", ""])
        found[0] += piece["function"].get("name", "")
        found[1] += piece["function"]["arguments"]
    named = [(call["function"]["name"], call["function"]["arguments"]) for call in whole]
    assert named == [(name, arguments) for name, arguments in joined.values()]
    return named


def after(body: dict[str, Any], result: str) -> dict[str, Any]:
    """The request that follows a tool call with this result."""
    call = {"id": "call_1", "type": "function", "function": {"name": NAME, "arguments": "{}"}}
    history = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]
    return body | {"messages": [*body["messages"], *history]}


@pytest.mark.parametrize("mode", [Mode.CALL_NO_ID, Mode.CALL_NO_TYPE])
def test_calls_lack_a_field(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    field = {Mode.CALL_NO_ID: "id", Mode.CALL_NO_TYPE: "type"}[mode]
    whole, pieces = calls(server, film_request())
    assert not any(field in call for call in [*whole, *pieces])
    assert functions(server, film_request()) == [(NAME, ARGUMENTS)]


@pytest.mark.parametrize(
    ("mode", "field", "value"), [(Mode.CALL_EMPTY_ID, "id", ""), (Mode.CALL_TYPE_NULL, "type", None)]
)
def test_a_field_of_calls_is_empty(server: FakeOpenAI, mode: Mode, field: str, value: str | None) -> None:
    server.mode = mode
    whole, pieces = calls(server, film_request())
    assert (whole[0][field], pieces[0][field]) == (value, value)


def test_two_calls_can_have_the_same_id(server: FakeOpenAI) -> None:
    server.mode = Mode.CALL_SAME_ID
    whole, pieces = calls(server, film_request())
    assert [call["id"] for call in whole] == ["call_1", "call_1"]
    assert [piece["id"] for piece in pieces if "id" in piece] == ["call_1", "call_1"]
    assert len({arguments for _, arguments in functions(server, film_request())}) == 2


def test_two_calls_can_have_the_same_index(server: FakeOpenAI) -> None:
    server.mode = Mode.CALL_INDEX_ZERO
    pieces = calls(server, film_request())[1]
    assert [piece["index"] for piece in pieces] == [0, 0]
    assert len({piece["id"] for piece in pieces}) == 2
    assert all(json.loads(piece["function"]["arguments"])["title"] for piece in pieces)


def test_calls_can_have_no_index(server: FakeOpenAI) -> None:
    server.script([Behaviour(Mode.CALL_NO_INDEX, Reply(calls=(ToolCall("a", '{"x": 1}'), ToolCall("b", "{}"))))])
    found = [choice["delta"] for chunk in chunks(server, film_request()) for choice in chunk["choices"]]
    pieces = [piece for delta in found for piece in delta.get("tool_calls") or ()]
    assert not any("index" in piece for piece in pieces)
    assert [piece["function"] for piece in pieces] == [
        {"name": "a", "arguments": '{"x": 1}'},
        {"name": "b", "arguments": "{}"},
    ]


def test_arguments_can_come_letter_by_letter(server: FakeOpenAI) -> None:
    server.mode = Mode.CALL_TINY_PIECES
    opening, *pieces = calls(server, film_request())[1]
    assert opening["function"] == {"name": NAME, "arguments": ""}
    assert [piece["function"]["arguments"] for piece in pieces] == list(ARGUMENTS)


def test_arguments_can_come_with_the_name(server: FakeOpenAI) -> None:
    server.mode = Mode.CALL_WHOLE
    (piece,) = calls(server, film_request())[1]
    assert piece["function"] == {"name": NAME, "arguments": ARGUMENTS}


def test_the_deprecated_function_call_takes_the_place_of_tool_calls(server: FakeOpenAI) -> None:
    server.mode = Mode.CALL_FUNCTION_CALL
    message, deltas = messages(server, film_request())
    assert "tool_calls" not in message
    assert message["function_call"] == {"name": NAME, "arguments": ARGUMENTS}
    assert plain(server, film_request())["choices"][0]["finish_reason"] == "function_call"
    pieces = [delta["function_call"] for delta in deltas if "function_call" in delta]
    assert pieces[0]["name"] == NAME
    assert "".join(piece["arguments"] for piece in pieces) == ARGUMENTS


def test_arguments_can_be_an_object(server: FakeOpenAI) -> None:
    server.mode = Mode.ARGUMENTS_OBJECT
    whole, (piece,) = calls(server, film_request())
    assert whole[0]["function"]["arguments"] == piece["function"]["arguments"] == {"title": "Alien cost"}


@pytest.mark.parametrize(
    ("mode", "arguments"),
    [
        (Mode.ARGUMENTS_QUOTED, json.dumps(ARGUMENTS)),
        (Mode.OPTIONAL_NULL, '{"limit": null, "exact": null, "title": "Alien cost"}'),
        (Mode.OPTIONAL_EMPTY, '{"limit": "", "exact": "", "title": "Alien cost"}'),
        (Mode.NUMBERS_AS_TEXT, '{"limit": "5", "title": "Alien cost"}'),
        (Mode.NUMBERS_AS_FRACTIONS, '{"limit": "5.0", "title": "Alien cost"}'),
        (Mode.UNKNOWN_ARGUMENT, '{"title": "Alien cost", "verbose": true}'),
    ],
)
def test_arguments_are_those_of_their_modes(server: FakeOpenAI, mode: Mode, arguments: str) -> None:
    server.mode = mode
    assert functions(server, film_request()) == [(NAME, arguments)]


@pytest.mark.parametrize(
    ("mode", "arguments"),
    [(Mode.ARGUMENTS_EMPTY, ""), (Mode.ARGUMENTS_NULL, "null"), (Mode.ARGUMENTS_QUOTED, '"{}"')],
)
def test_no_arguments_can_be_spelt_otherwise(server: FakeOpenAI, mode: Mode, arguments: str) -> None:
    server.mode = mode
    assert functions(server, transfer_request()) == [("Handoff-transfer_to_LLMAgent", arguments)]


def test_scripted_numbers_and_booleans_become_text(server: FakeOpenAI) -> None:
    arguments = '{"title": "Alien", "limit": 3, "exact": false, "rate": 2.99}'
    server.script([Behaviour(Mode.NUMBERS_AS_FRACTIONS, Reply(calls=(ToolCall(NAME, arguments),)))] * 2)
    (found,) = functions(server, film_request())
    assert json.loads(found[1]) == {"title": "Alien", "limit": "3.0", "exact": "false", "rate": "2.99"}


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        (Mode.NAME_BARE, "search_films"),
        (Mode.NAME_DOTTED, "film_search.search_films"),
        (Mode.NAME_UNDERSCORED, "film_search_search_films"),
        (Mode.NAME_PREFIXED, "functions.film_search-search_films"),
    ],
)
def test_names_are_spelt_otherwise(server: FakeOpenAI, mode: Mode, name: str) -> None:
    server.mode = mode
    assert functions(server, film_request()) == [(name, ARGUMENTS)]


@pytest.mark.parametrize(
    ("mode", "name", "arguments"),
    [
        (Mode.TRANSFER_WITH_ARGUMENT, "Handoff-transfer_to_LLMAgent", '{"reason": "x"}'),
        (Mode.TRANSFER_BROKEN_ARGUMENTS, "Handoff-transfer_to_LLMAgent", '{"reason": '),
        (Mode.TRANSFER_UNKNOWN_AGENT, "Handoff-transfer_to_BillingAgent", "{}"),
    ],
)
def test_a_handoff_that_is_refused_is_followed_by_a_good_answer(
    server: FakeOpenAI, mode: Mode, name: str, arguments: str
) -> None:
    server.mode = mode
    assert functions(server, transfer_request()) == [(name, arguments)]
    refused = after(transfer_request(), "The transfer failed.")
    assert plain(server, refused)["choices"][0]["message"]["content"] == f"General answer: {FRANCE}"


def test_an_unknown_argument_is_left_out_once_the_tool_complains(server: FakeOpenAI) -> None:
    server.mode = Mode.UNKNOWN_ARGUMENT
    assert functions(server, after(film_request(), '{"error": "unknown argument: verbose"}')) == [(NAME, ARGUMENTS)]


@pytest.mark.parametrize("mode", [*CALL_MODES, *RECOVERED])
def test_the_answer_after_a_search_is_the_plain_one(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    message, deltas = messages(server, after(film_request(), FOUND))
    assert message["content"] == text_of(deltas) == "Alien (Horror) rents for $2.99."


OBJECT = f'{{"name": "{NAME}", "arguments": {ARGUMENTS}}}'
PARAMETERS = f'{{"name": "{NAME}", "parameters": {ARGUMENTS}}}'


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (Mode.TEXT_CALL_JSON, OBJECT),
        (Mode.TEXT_CALL_PARAMETERS, PARAMETERS),
        (Mode.TEXT_CALL_FENCED, f"```json\n{OBJECT}\n```"),
        (Mode.TEXT_CALL_HERMES, f"<tool_call>\n{OBJECT}\n</tool_call>"),
        (Mode.TEXT_CALL_MISTRAL, f"[TOOL_CALLS][{OBJECT}]"),
        (Mode.TEXT_CALL_LLAMA, f"<|python_tag|>{PARAMETERS}"),
        (Mode.TEXT_CALL_FUNCTION_TAG, f"<function={NAME}>{ARGUMENTS}</function>"),
        (Mode.TEXT_ABOUT_CALL, f"I will call the tool now:\n\n{OBJECT}\n\nThen I can tell you more."),
    ],
)
def test_calls_are_written_as_text(server: FakeOpenAI, mode: Mode, text: str) -> None:
    server.mode = mode
    message, deltas = messages(server, film_request())
    assert message["content"] == text_of(deltas) == text
    assert "tool_calls" not in message
    assert not any("tool_calls" in delta for delta in deltas)
    assert plain(server, film_request())["choices"][0]["finish_reason"] == "stop"


def test_a_question_without_tools_is_answered_in_text(server: FakeOpenAI) -> None:
    for mode in (*CALL_MODES, *RECOVERED, Mode.TEXT_CALL_HERMES, Mode.NAME_BARE):
        server.mode = mode
        assert plain(server, request(FILM))["choices"][0]["message"]["content"] == f"General answer: {FILM}"
