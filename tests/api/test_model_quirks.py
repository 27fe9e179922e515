"""Harmless quirks of providers and models change no answer, and what is broken is told by its kind.

Each mode of the fake server is one behaviour seen in the world; see tests/fakes/openai_modes.py for what each sends.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.api.test_agents import assert_all_right, some_films
from tests.conftest import client_of, running, sample_file, settings_for
from tests.fakes.openai_groups import (
    BROKEN_ANSWERS,
    HARMLESS,
    HOSTILE,
    MORE_THOUGHTS,
    RECOVERED,
    REFUSALS,
    TWO_CALLS,
)
from tests.fakes.openai_server import FakeOpenAI, Mode, RefusalForm, Reply, ToolCall, fake_openai
from tests.fixtures.odd_texts import ODD_TEXTS
from tests.fixtures.served import served

KEY = "sk-test-5ecret-key-0123456789"
DEADLINE = 20.0
HANDOFF = "/api/v1/ai/handoff"
ALIEN = "What is the rental rate for the film Alien?"
WORLD_CUP = "Who won the FIFA World Cup in 2022?"
ASKED = "Why is the sky blue?"
SEARCH = "film_search-search_films"


async def ask_film(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post(HANDOFF, json={"question": ALIEN})


async def ask_other(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post(HANDOFF, json={"question": WORLD_CUP})


async def ask_model(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/api/v1/ai/ask", params={"question": ASKED})


async def summarise(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/v1/ai/summary", json={"film_id": 1})


@dataclass(frozen=True)
class Question:
    """A request, and what the plain server's model makes of it."""

    ask: Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]
    answer: object
    agent: str | None = None

    def answer_in(self, response: httpx.Response) -> object:
        if self.ask is ask_model:
            return response.text
        return response.json() if self.agent is None else response.json()["answer"]


FILM = Question(ask_film, "Alien (Horror, Sci-Fi) rents for $2.99.", "SearchAgent")
OTHER = Question(ask_other, f"General answer: {WORLD_CUP}", "LLMAgent")
TEXT = Question(ask_model, f"General answer: {ASKED}")
SUMMARY = Question(summarise, {"title": "Alien", "rating": "R", "recommended": True, "summary": "text"})
QUESTIONS = [
    pytest.param(FILM, id="film"),
    pytest.param(OTHER, id="other"),
    pytest.param(TEXT, id="ask"),
    pytest.param(SUMMARY, id="summary"),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(provider: FakeOpenAI) -> None:
    provider.reset()


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A sample store that all applications here read."""
    return await sample_file(tmp_path_factory)


def app_with(provider: FakeOpenAI, store: str, **settings: object) -> FastAPI:
    ours = {"ai_provider": "openai", "openai_api_key": KEY, "openai_base_url": provider.base_url}
    return create_app(settings_for(store, **{**ours, "ai_timeout_seconds": DEADLINE, **settings}))


@pytest.fixture(scope="module")
async def app(provider: FakeOpenAI, store: str) -> AsyncIterator[FastAPI]:
    async with running(app_with(provider, store)) as application:
        await application.state.assistant.get()
        yield application


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


@pytest.fixture
async def new_app(provider: FakeOpenAI, store: str) -> AsyncIterator[FastAPI]:
    """One that has learnt nothing of the server yet."""
    async with running(app_with(provider, store)) as application:
        yield application


@pytest.fixture
async def new_client(new_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(new_app) as http:
        yield http


def assert_answered(question: Question, response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert question.answer_in(response) == question.answer
    if question.agent is not None:
        assert response.json()["agent"] == question.agent


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("mode", [*HARMLESS, *MORE_THOUGHTS])
async def test_a_harmless_quirk_changes_no_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    assert_answered(question, await question.ask(client))


@pytest.mark.parametrize("seed", range(12))
async def test_mixed_harmless_quirks_change_no_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, seed: int
) -> None:
    provider.mode, provider.seed = Mode.HARMLESS_QUIRKS, seed
    for question in (FILM, OTHER, SUMMARY):
        assert_answered(question, await question.ask(client))


async def test_fifty_turns_with_mixed_quirks_at_once_are_right(
    app: FastAPI, client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.mode, provider.seed = Mode.HARMLESS_QUIRKS, 4
    await assert_all_right(client, await some_films(client, 50))
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "invoke" in repr(task.get_coro())]


@pytest.mark.parametrize("mode", RECOVERED)
@pytest.mark.parametrize("question", [pytest.param(FILM, id="film"), pytest.param(OTHER, id="other")])
async def test_what_a_model_does_after_a_wrong_call_is_the_answer(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    response = await question.ask(client)
    assert response.status_code == 200, response.text
    assert response.json()["answer"] == question.answer


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("Handoff-transfer_to_LLMAgent", '{"reason": "x"}'),
        ToolCall("Handoff-transfer_to_LLMAgent", '{"reason'),
        ToolCall("Handoff-transfer_to_Nobody"),
    ],
)
async def test_a_refused_handoff_leaves_the_active_agent_active(
    client: httpx.AsyncClient, provider: FakeOpenAI, call: ToolCall
) -> None:
    provider.script([Reply(calls=(call,)), Reply("I answer it myself.")])
    answer = (await ask_film(client)).json()
    assert (answer["agent"], answer["answer"], answer["steps"]) == ("SearchAgent", "I answer it myself.", [])


@pytest.mark.parametrize("mode", TWO_CALLS)
async def test_two_calls_that_are_hard_to_tell_apart_are_both_made(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
) -> None:
    provider.mode = mode
    answer = (await ask_film(client)).json()
    assert answer["answer"] == FILM.answer
    assert [step["arguments"]["title"] for step in answer["steps"]] == ["Alien", "Academy Dinosaur"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("mode", [Mode.TWO_CHOICES, Mode.ROLE_TOOL])
async def test_a_second_choice_or_another_role_is_harmless(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    assert_answered(question, await question.ask(client))


@pytest.mark.parametrize("question", [FILM, TEXT], ids=["film", "ask"])
async def test_half_a_surrogate_is_replaced(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: Question
) -> None:
    provider.mode = Mode.HALF_SURROGATE
    response = await question.ask(client)
    assert response.status_code == 200
    assert question.answer_in(response) == f"{question.answer}\N{REPLACEMENT CHARACTER}"


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
async def test_a_broken_answer_says_what_kind_it_is(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, question: Question
) -> None:
    provider.mode = mode
    response = await question.ask(client)
    assert response.status_code == 502
    assert DETAILS[mode] in response.json()["detail"]


@pytest.mark.parametrize("question", [FILM, OTHER, TEXT], ids=["film", "other", "ask"])
async def test_a_refusal_is_an_answer_in_words(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: Question
) -> None:
    provider.mode = Mode.REFUSAL
    response = await question.ask(client)
    assert response.status_code == 200
    assert question.answer_in(response) == "I'm sorry, but I can't help with that."


async def test_a_refused_summary_is_told_as_such(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.REFUSAL
    response = await summarise(client)
    assert (response.status_code, response.json()["detail"]) == (502, "The model refused to write a summary.")


async def test_a_summary_in_another_form_is_not_understood(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.JSON_WRONG
    response = await summarise(client)
    assert (response.status_code, "not in the form" in response.json()["detail"]) == (502, True)


async def test_prose_around_a_tool_call_is_never_the_answer(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode = Mode.TEXT_ABOUT_CALL
    response = await ask_film(client)
    assert (response.status_code, "tool call as text" in response.json()["detail"]) == (502, True)


class TestAzure:
    """A deployment on Azure OpenAI, in Azure's forms."""

    @pytest.fixture(scope="class")
    async def azure(self, provider: FakeOpenAI, store: str) -> AsyncIterator[httpx.AsyncClient]:
        settings = {
            "ai_provider": "azure",
            "azure_openai_api_key": KEY,
            "azure_openai_endpoint": provider.azure_endpoint,
            "azure_openai_deployment": "store-gpt",
        }
        async with running(app_with(provider, store, **settings)) as application, client_of(application) as http:
            yield http

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
    async def test_what_is_wrong_is_told_by_its_kind(
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
async def test_a_providers_error_is_told_by_its_kind(
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


class TestRefusedParameters:
    """Servers that refuse a parameter by name."""

    @pytest.fixture
    async def configured(self, provider: FakeOpenAI, store: str) -> AsyncIterator[httpx.AsyncClient]:
        """With everything set that a server may refuse."""
        settings = {"ai_max_tokens": 500, "ai_temperature": 0.3, "openai_reasoning_effort": "low"}
        async with running(app_with(provider, store, **settings)) as application, client_of(application) as http:
            yield http

    @pytest.mark.parametrize("question", QUESTIONS)
    @pytest.mark.parametrize("mode", REFUSALS)
    async def test_what_is_refused_is_left_out_or_replaced_and_remembered(
        self,
        configured: httpx.AsyncClient,
        provider: FakeOpenAI,
        mode: Mode,
        question: Question,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        provider.mode = mode
        assert_answered(question, await question.ask(configured))
        first = provider.calls
        warnings = [record for record in caplog.records if "model_parameter_refused" in record.getMessage()]
        assert_answered(question, await question.ask(configured))
        needed = 2 if question.agent is not None else 1
        assert provider.calls - first == needed
        assert len(warnings) == first - needed

    @pytest.mark.parametrize("form", RefusalForm)
    async def test_every_form_of_a_refusal_is_understood(
        self, configured: httpx.AsyncClient, provider: FakeOpenAI, form: RefusalForm
    ) -> None:
        provider.mode, provider.refusal_form = Mode.STRICT_SERVER, form
        for question in (FILM, OTHER, TEXT, SUMMARY):
            assert_answered(question, await question.ask(configured))

    async def test_fifty_at_once_learn_it_once(
        self, new_client: httpx.AsyncClient, provider: FakeOpenAI, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.mode = Mode.TOOLS_WANT_NO_REASONING
        await assert_all_right(new_client, await some_films(new_client, 50))
        warned = [record for record in caplog.records if "model_parameter_refused" in record.getMessage()]
        assert len(warned) == 1

    async def test_nothing_is_sent_that_nobody_configured(
        self, new_client: httpx.AsyncClient, provider: FakeOpenAI
    ) -> None:
        for question in (FILM, TEXT, SUMMARY):
            await question.ask(new_client)
        sent = {name for request in provider.requests for name in request.body}
        assert sent == {"model", "messages", "tools", "stream", "stream_options", "response_format"}

    async def test_what_is_configured_is_sent(self, configured: httpx.AsyncClient, provider: FakeOpenAI) -> None:
        await ask_film(configured)
        body = provider.requests[0].body
        assert (body["max_tokens"], body["temperature"], body["reasoning_effort"]) == (500, 0.3, "low")

    async def test_a_refusal_of_what_we_cannot_change_is_told(
        self, new_client: httpx.AsyncClient, provider: FakeOpenAI
    ) -> None:
        provider.mode = Mode.BAD_REQUEST
        assert (await ask_film(new_client)).status_code == 502
        assert provider.calls == 1


ABSURD = (Mode.HUGE_INTEGER, Mode.NAN_ARGUMENTS, Mode.INFINITE_ARGUMENTS)
HOSTILE_IN_TEXT = (
    Mode.LONG_STREAM,
    Mode.MANY_CHUNKS,
    Mode.ENDLESS_LINE,
    Mode.ENDLESS_BODY,
    Mode.GZIP_BOMB,
    Mode.HUGE_ANSWER,
    Mode.ENDLESS_REASONING,
)


class TestHostile:
    """Far too much of something: the turn ends soon, and nobody else waits."""

    @pytest.fixture
    async def url(self, app: FastAPI) -> AsyncIterator[str]:
        async with served_again(app) as url:
            yield url

    @pytest.mark.parametrize(
        ("mode", "question"),
        [
            *(pytest.param(mode, FILM, id=f"{mode.value}-film") for mode in HOSTILE if mode not in ABSURD),
            *(pytest.param(mode, SUMMARY, id=f"{mode.value}-summary") for mode in HOSTILE_IN_TEXT),
        ],
    )
    async def test_a_turn_ends_at_the_bound_while_others_are_served(
        self, url: str, provider: FakeOpenAI, mode: Mode, question: Question
    ) -> None:
        provider.mode = mode
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with httpx.AsyncClient(base_url=url, timeout=DEADLINE) as http:
            started = time.monotonic()
            asking = asyncio.create_task(question.ask(http))
            slowest = 0.0
            while not asking.done():
                beat = time.monotonic()
                await asyncio.sleep(0)
                slowest = max(slowest, time.monotonic() - beat)
            response = await asking
        assert response.status_code == 502, response.text
        assert time.monotonic() - started < DEADLINE / 2
        assert slowest < 0.5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024

    @pytest.mark.parametrize("mode", [Mode.NAN_ARGUMENTS, Mode.INFINITE_ARGUMENTS])
    async def test_a_model_that_is_told_of_absurd_arguments_goes_on(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode = mode
        assert_answered(FILM, await ask_film(client))

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(calls=(ToolCall(SEARCH, '{"title": "Alien", "limit": ' + "9" * 6000 + "}"),)),
            Reply(calls=(ToolCall(SEARCH, '{"title": "Alien", "limit": NaN}'),)),
            Reply(calls=(ToolCall(SEARCH, '{"title": ' + "[" * 5000),)),
            Reply(calls=(ToolCall(SEARCH, '{"title": "\\ud83d"}'),)),
        ],
        ids=["digits", "nan", "deep", "surrogate"],
    )
    async def test_absurd_arguments_are_told_to_the_model(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, reply: Reply
    ) -> None:
        provider.script([reply, Reply("There is no such film.")])
        response = await ask_film(client)
        assert (response.status_code, response.json()["answer"]) == (200, "There is no such film.")


def served_again(app: FastAPI) -> AbstractAsyncContextManager[str]:
    return served(app, lifespan="off")


class TestThoughtsInStreams:
    """GET /ai/ask on a socket: no thought is streamed, and an answer without thoughts is not held back for long."""

    @pytest.fixture
    async def http(self, new_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        async with served_again(new_app) as url, httpx.AsyncClient(base_url=url) as http:
            yield http

    @pytest.mark.parametrize("mode", [Mode.THOUGHT_ONLY_CLOSED, Mode.THOUGHT_CLOSED_IN_PIECES])
    async def test_a_thought_without_its_beginning_is_held_back(
        self, http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode = mode
        for _ in range(2):
            assert_answered(TEXT, await ask_model(http))

    async def test_a_thought_that_surprises_breaks_off_and_is_learnt(
        self, http: httpx.AsyncClient, provider: FakeOpenAI
    ) -> None:
        surprising = Reply(f"Blue is what scatters most, surely.</think>\n\n{TEXT.answer}")
        provider.script([surprising, surprising])
        with pytest.raises(httpx.RemoteProtocolError):
            await ask_model(http)
        assert_answered(TEXT, await ask_model(http))

    @pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.REASONING_CONTENT, Mode.THOUGHT])
    async def test_words_arrive_as_the_model_gives_them(
        self, http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode, provider.chunk_delay = mode, 0.05
        arrived = []
        async with http.stream("GET", "/api/v1/ai/ask", params={"question": ASKED}) as stream:
            async for _ in stream.aiter_text():
                arrived.append(time.monotonic())
        assert len(arrived) > 2
        assert arrived[-1] - arrived[0] > 0.05


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_a_question_keeps_its_role_and_its_text(
    client: httpx.AsyncClient, provider: FakeOpenAI, text: str
) -> None:
    await client.get("/api/v1/ai/ask", params={"question": text})
    await client.post(HANDOFF, json={"question": text})
    for request in provider.requests[:2]:
        messages = [(message["role"], message["content"]) for message in request.body["messages"]]
        assert [role for role, _ in messages] == ["system", "user"]
        assert messages[1] == ("user", text)


class TestLog:
    """What operators can read, and what nobody can."""

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
        handoff = next(record.getMessage() for record in caplog.records if "handed_over" in record.getMessage())
        assert "LLMAgent" in handoff
        assert "not about the store's films" in handoff
