"""Each kind of failure has its own error for the caller, and is logged with the provider's message."""

from __future__ import annotations

import logging

import httpx
import pytest

from tests.fakes.openai_groups import (
    BROKEN_ANSWERS,
)
from tests.fakes.openai_server import FakeOpenAI, Mode
from tests.fixtures.model_questions import (
    FILM,
    HANDOFF,
    KEY,
    OTHER,
    QUESTIONS,
    SUMMARY,
    Question,
    ask_film,
    ask_other,
    assert_answered,
    summarise,
)

pytestmark = pytest.mark.servers

DETAILS = {
    Mode.EMPTY: "empty",
    Mode.NO_CHOICES: "could not be understood",
    Mode.FINISH_LENGTH: "cut off",
    Mode.FINISH_CONTENT_FILTER: "filtered by the provider's content policy",
    Mode.AZURE_CONTENT_FILTERED: "filtered by the provider's content policy",
    Mode.UNCLOSED_THOUGHT_LENGTH: "cut off",
    Mode.UNCLOSED_THOUGHT_STOP: "empty",
}


@pytest.mark.parametrize("question", [FILM, OTHER, SUMMARY], ids=["film", "other", "summary"])
@pytest.mark.parametrize("mode", [mode for mode in BROKEN_ANSWERS if mode is not Mode.REFUSAL])
async def test_the_error_names_the_kind_of_a_broken_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    response = await question.ask(client)
    assert response.status_code == 502
    assert DETAILS[mode] in response.json()["detail"]


async def test_a_summary_that_the_model_refuses_is_reported_as_a_refusal(
    client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.mode = Mode.REFUSAL
    response = await summarise(client)
    assert (response.status_code, response.json()["detail"]) == (502, "The model refused to write a summary.")


async def test_a_summary_in_another_form_is_not_understood(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.JSON_WRONG
    response = await summarise(client)
    assert (response.status_code, "required format" in response.json()["detail"]) == (502, True)


async def test_prose_around_a_tool_call_is_never_the_answer(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.TEXT_ABOUT_CALL
    response = await ask_film(client)
    assert (response.status_code, "tool call as text" in response.json()["detail"]) == (502, True)


class TestAzure:
    """A deployment on Azure OpenAI, with Azure's response formats."""

    @pytest.mark.parametrize("question", QUESTIONS)
    @pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.AZURE_FILTER_RESULTS, Mode.AZURE_ASYNC_FILTER])
    async def test_filter_results_change_no_answer(
        self, azure: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
    ) -> None:
        provider.mode = mode
        assert_answered(question, await question.ask(azure))
        assert provider.requests[0].path == "/openai/deployments/store-gpt/chat/completions"

    @pytest.mark.parametrize("question", [FILM, SUMMARY], ids=["film", "summary"])
    @pytest.mark.parametrize(
        ("mode", "status", "detail"),
        [
            (Mode.DEPLOYMENT_NOT_FOUND, 503, "set AZURE_OPENAI_DEPLOYMENT"),
            (Mode.PROMPT_FILTERED, 502, "question was filtered by the provider's content policy"),
            (Mode.AZURE_CONTENT_FILTERED, 502, "answer was filtered by the provider's content policy"),
        ],
    )
    async def test_each_kind_of_failure_has_its_own_error(
        self,
        azure: httpx.AsyncClient,
        provider: FakeOpenAI,
        mode: Mode,
        status: int,
        detail: str,
        question: Question,
    ) -> None:
        provider.mode = mode
        response = await question.ask(azure)
        assert response.status_code == status
        assert detail in response.json()["detail"]


ERRORS = [
    (Mode.MODEL_NOT_FOUND, 503, "set OPENAI_MODEL"),
    (Mode.MODEL_NOT_FOUND_OLLAMA, 503, "set OPENAI_MODEL"),
    (Mode.INSUFFICIENT_QUOTA, 503, "quota"),
    (Mode.CONTEXT_LENGTH_EXCEEDED, 502, "longer than the model's context"),
    (Mode.PROMPT_FILTERED, 502, "filtered by the provider's content policy"),
    (Mode.BAD_REQUEST, 502, "status 400"),
    (Mode.ERROR_FIRST, 502, "reported an error"),
    (Mode.ERROR_IN_THE_MIDDLE, 502, "reported an error"),
]


@pytest.mark.parametrize("question", [FILM, OTHER, SUMMARY], ids=["film", "other", "summary"])
@pytest.mark.parametrize(("mode", "status", "detail"), ERRORS)
async def test_each_kind_of_provider_error_has_its_own_error(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, status: int, detail: str, question: Question
) -> None:
    provider.mode = mode
    response = await question.ask(client)
    assert response.status_code == status
    assert detail in response.json()["detail"]
    assert "Retry-After" not in response.headers
    assert provider.calls <= 2


@pytest.mark.parametrize(
    ("mode", "seconds"), [(Mode.RETRY_AFTER_HUGE, 3600), (Mode.RETRY_AFTER_NAN, 30), (Mode.RETRY_AFTER_DATE, 3600)]
)
async def test_a_429_says_when_within_reason(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, seconds: int
) -> None:
    provider.mode = mode
    response = await ask_film(client)
    assert (response.status_code, response.headers["Retry-After"]) == (429, str(seconds))


class TestLog:
    """The log: facts that operators need, with secrets masked."""

    async def test_a_providers_error_is_in_the_log_once(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.mode = Mode.MODEL_NOT_FOUND
        await ask_film(client)
        records = [record.getMessage() for record in caplog.records if "model_provider_failed" in record.getMessage()]
        assert len(records) == 1
        assert "'status': 404" in records[0]
        assert "'code': 'model_not_found'" in records[0]
        assert "does not exist" in records[0]

    @pytest.mark.parametrize("mode", [Mode.UNAUTHORIZED, Mode.BAD_REQUEST, Mode.PROMPT_FILTERED])
    async def test_keys_and_questions_are_masked(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.mode = mode
        await client.post(HANDOFF, json={"question": "What does a lost umbrella dream of?"})
        assert "model_provider_failed" in caplog.text
        assert KEY not in caplog.text
        assert "umbrella" not in caplog.text

    async def test_debug_shows_tool_calls_and_handoffs(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="app.agents"):
            await ask_film(client)
            await ask_other(client)
        tool = next(record.getMessage() for record in caplog.records if "tool_called" in record.getMessage())
        assert "{'title': 'Alien'}" in tool
        assert "rental_rate" in tool
        handoff = next(record.getMessage() for record in caplog.records if "handoff_completed" in record.getMessage())
        assert "LLMAgent" in handoff
        assert "not about the store's films" in handoff
