"""The fake server's errors are those of providers: rejected parameters, statuses, invalid messages."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.fakes.openai_client import (
    FRANCE,
    OPINION,
    SEARCH,
    datas,
    film_request,
    opinion_request,
    plain,
    post,
    request,
)
from tests.fakes.openai_refusals import REFUSALS
from tests.fakes.openai_server import FakeOpenAI, Mode, RefusalForm

pytestmark = pytest.mark.servers

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = {"role": "user", "content": "Hello"}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "{}"}


def error(server: FakeOpenAI, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    response = post(server, body)
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize(
    ("mode", "param", "value", "code"),
    [
        (Mode.REFUSES_MAX_TOKENS, "max_tokens", 10, "unsupported_parameter"),
        (Mode.REFUSES_MAX_COMPLETION_TOKENS, "max_completion_tokens", 10, "unknown_parameter"),
        (Mode.REFUSES_TEMPERATURE, "temperature", 0.3, "unsupported_value"),
        (Mode.REFUSES_STREAM_OPTIONS, "stream_options", {"include_usage": True}, "unknown_parameter"),
        (Mode.REFUSES_RESPONSE_FORMAT, "response_format", {"type": "json_object"}, "unknown_parameter"),
        (Mode.REFUSES_PARALLEL_TOOL_CALLS, "parallel_tool_calls", False, "unknown_parameter"),
        (Mode.REFUSES_REASONING_EFFORT, "reasoning_effort", "low", "unknown_parameter"),
    ],
)
def test_a_parameter_is_refused_by_name(server: FakeOpenAI, mode: Mode, param: str, value: Any, code: str) -> None:
    server.mode = mode
    body = request(**{param: value})

    server.refusal_form = RefusalForm.OPENAI
    status, named = error(server, body)
    assert (status, named["param"], named["code"], param in named["message"]) == (400, param, code, True)

    server.refusal_form = RefusalForm.MESSAGE_ONLY
    status, unnamed = error(server, body)
    assert (status, unnamed["param"], unnamed["code"], param in unnamed["message"]) == (400, None, None, True)

    server.refusal_form = RefusalForm.MISTRAL
    response = post(server, body)
    assert (response.status_code, response.json()["object"]) == (422, "error")
    assert response.json()["message"].startswith(f"[{{'type': 'extra_forbidden', 'loc': ('body', '{param}'), 'msg': ")

    server.refusal_form = RefusalForm.FASTAPI
    response = post(server, body)
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", param])

    assert plain(server, request())["choices"][0]["message"]["content"] == f"General answer: {FRANCE}"


def test_the_default_temperature_is_taken(server: FakeOpenAI) -> None:
    server.mode = Mode.REFUSES_TEMPERATURE
    assert post(server, request(temperature=1.0)).status_code == 200


def test_a_server_without_json_schema_takes_a_schema_in_words(server: FakeOpenAI) -> None:
    server.mode = Mode.REFUSES_JSON_SCHEMA
    status, refused = error(server, opinion_request())
    assert (status, "json_schema" in refused["message"]) == (400, True)

    in_words = request(
        f"Answer with JSON of this schema: {json.dumps(OPINION)}", response_format={"type": "json_object"}
    )
    answer = plain(server, in_words)["choices"][0]["message"]["content"]
    assert json.loads(answer) == {"recommended": True, "summary": "text"}


def test_a_reasoning_model_refuses_one_parameter_after_the_other(server: FakeOpenAI) -> None:
    server.mode = Mode.REASONING_MODEL
    assert error(server, request(max_tokens=10, temperature=0.3))[1]["param"] == "max_tokens"
    assert error(server, request(max_completion_tokens=10, temperature=0.3))[1]["param"] == "temperature"
    assert post(server, request(max_completion_tokens=10)).status_code == 200


@pytest.mark.parametrize("mode", [Mode.TOOLS_WANT_NO_REASONING, Mode.NEWEST_OPENAI])
def test_tools_want_the_reasoning_effort_none(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    for effort in ({}, {"reasoning_effort": "low"}):
        status, refused = error(server, film_request(**effort))
        assert (status, refused["param"]) == (400, "reasoning_effort")
        assert refused["message"].startswith("Function tools with reasoning_effort are not supported for gpt-fake")
    assert post(server, film_request(reasoning_effort="none")).status_code == 200
    assert post(server, request()).status_code == 200


def test_a_strict_server_refuses_one_name_an_answer(server: FakeOpenAI) -> None:
    server.mode = Mode.STRICT_SERVER
    body = film_request(tool_choice="auto", temperature=0.1, stream=False)
    assert "('body', 'tool_choice')" in post(server, body).json()["message"]
    del body["tool_choice"]
    assert "('body', 'temperature')" in post(server, body).json()["message"]
    del body["temperature"]
    assert post(server, body).status_code == 200


@pytest.mark.parametrize("mode", REFUSALS)
def test_a_request_without_optional_parameters_is_answered(server: FakeOpenAI, mode: Mode) -> None:
    server.mode = mode
    assert post(server, request()).status_code == 200


@pytest.mark.parametrize(
    ("mode", "status", "code", "words"),
    [
        (Mode.MODEL_NOT_FOUND, 404, "model_not_found", "The model `gpt-fake` does not exist"),
        (Mode.MODEL_NOT_FOUND_OLLAMA, 404, None, 'model "gpt-fake" not found, try pulling it first'),
        (Mode.DEPLOYMENT_NOT_FOUND, 404, "DeploymentNotFound", "The API deployment for this resource"),
        (Mode.INSUFFICIENT_QUOTA, 429, "insufficient_quota", "You exceeded your current quota"),
        (Mode.CONTEXT_LENGTH_EXCEEDED, 400, "context_length_exceeded", "This model's maximum context length"),
        (Mode.PROMPT_FILTERED, 400, "content_filter", "The response was filtered"),
        (Mode.BAD_REQUEST, 400, None, "We could not parse your request."),
        (Mode.ERROR_FIRST, 200, "server_error", "The server had an error"),
        (Mode.ERROR_IN_THE_MIDDLE, 200, "server_error", "The server had an error"),
    ],
)
def test_errors_have_their_status_and_code(
    server: FakeOpenAI, mode: Mode, status: int, code: str | None, words: str
) -> None:
    server.mode = mode
    answered, said = error(server, request())
    assert (answered, said["code"]) == (status, code)
    assert said["message"].startswith(words)


def test_errors_can_have_other_shapes(server: FakeOpenAI) -> None:
    server.script([Mode.MODEL_NOT_FOUND_VLLM, Mode.ERROR_TEXT, Mode.ERROR_PAGE])
    vllm, text, page = (post(server, request()) for _ in range(3))
    assert (vllm.status_code, vllm.json()["code"]) == (404, 404)
    assert vllm.json()["message"] == "The model `gpt-fake` does not exist."
    assert (text.status_code, text.json()) == (400, {"error": "the request could not be read"})
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
    assert "<title>502 Bad Gateway</title>" in page.text


def test_azure_tells_which_filter_refused_the_prompt(server: FakeOpenAI) -> None:
    server.mode = Mode.PROMPT_FILTERED
    inner = error(server, request(stream=True))[1]["innererror"]
    assert inner["code"] == "ResponsibleAIPolicyViolation"
    assert inner["content_filter_result"]["jailbreak"]["filtered"] is True


def test_an_error_can_come_inside_a_stream(server: FakeOpenAI) -> None:
    server.script([Mode.ERROR_FIRST, Mode.ERROR_IN_THE_MIDDLE])
    first, middle = datas(server, request()), datas(server, request())
    assert [list(json.loads(data)) for data in first] == [["error"]]
    assert len(middle) > 2
    assert all("choices" in json.loads(data) for data in middle[:-1])
    assert "error" in json.loads(middle[-1])


def test_retry_after_can_be_absurd(server: FakeOpenAI) -> None:
    server.script([Mode.RETRY_AFTER_HUGE, Mode.RETRY_AFTER_NAN, Mode.RETRY_AFTER_DATE])
    responses = [post(server, request()) for _ in range(3)]
    assert [response.status_code for response in responses] == [429] * 3
    huge, nan, date = (response.headers["retry-after"] for response in responses)
    assert (huge, nan) == ("86400000", "nan")
    assert parsedate_to_datetime(date) > parsedate_to_datetime(responses[2].headers["date"])


@pytest.mark.parametrize(
    ("messages", "param", "words"),
    [
        ([], "messages", "empty array"),
        ([{"role": "user", "content": None}], "messages[0].content", "expected a string"),
        ([USER, {"role": "assistant", "content": None}], "messages[1].content", "expected a string"),
        ([USER, RESULT], "messages[1].role", "must be a response to a preceeding message"),
        ([USER, CALLING, {**RESULT, "tool_call_id": "other"}], "messages[2].tool_call_id", "not found"),
        ([USER, CALLING], "messages[2].role", "did not have response messages: call_1"),
        ([USER, CALLING, USER], "messages[2].role", "did not have response messages: call_1"),
        ([USER, CALLING, RESULT, RESULT], "messages[3].role", "must be a response"),
        (
            [USER, CALLING, {**RESULT, "content": [{"tool_call_id": "call_1", "content": "{}"}]}],
            "messages[2].content[0].type",
            "Invalid value: None",
        ),
        ([USER, {**CALLING, "tool_calls": [{**CALL, "id": ""}]}], "messages[1].tool_calls[0].id", "expected a string"),
        ([USER, {**CALLING, "tool_calls": [{**CALL, "type": None}]}], "messages[1].tool_calls[0].type", "expected"),
        (
            [USER, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]}],
            "messages[1].tool_calls[0]",
            "function.arguments': expected a string, got dict",
        ),
        ([{"role": "model", "content": "Hello"}], "messages[0].role", "Invalid value: 'model'"),
    ],
)
def test_invalid_messages_are_refused(server: FakeOpenAI, messages: list[Any], param: str, words: str) -> None:
    status, said = error(server, request() | {"messages": messages})
    assert (status, said["param"], words in said["message"]) == (400, param, True)


def test_tool_results_that_answer_their_calls_are_taken(server: FakeOpenAI) -> None:
    two = {**CALLING, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    results = [{**RESULT, "tool_call_id": "call_2"}, RESULT]
    body = request(tools=(SEARCH,)) | {"messages": [USER, two, *results, CALLING, RESULT]}
    assert plain(server, body)["choices"][0]["message"]["content"] == "The tool said: {}"
