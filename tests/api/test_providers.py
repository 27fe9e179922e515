"""The application with a provider on a socket that behaves well or badly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from fastapi import FastAPI

from app.core.settings import Settings
from app.main import create_app
from tests.conftest import client_of, fill, running, running_with, settings_for
from tests.fakes.openai_server import FakeOpenAI, Mode, fake_openai
from tests.fixtures.served import served

pytestmark = pytest.mark.servers

KEY = "sk-test-5ecret-key"
DEADLINE = 1.0
LATEST = 20.0
"""Seconds after which a response has not come; a busy machine takes longer than the deadline."""
HANDOFF = "/api/v1/ai/handoff"
ALIEN: dict[str, object] = {"question": "What is the rental rate for the film Alien?"}
WORLD_CUP: dict[str, object] = {"question": "Who won the FIFA World Cup in 2022?"}


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(provider: FakeOpenAI) -> None:
    provider.reset()


def asking(provider: FakeOpenAI, deadline: float) -> Settings:
    return settings_for(
        ai_provider=None, openai_api_key=KEY, openai_base_url=provider.base_url, ai_timeout_seconds=deadline
    )


@pytest.fixture(scope="module")
async def app(provider: FakeOpenAI) -> AsyncIterator[FastAPI]:
    async with running(create_app(asking(provider, DEADLINE))) as application:
        await fill(application.state.database)
        yield application


@pytest.fixture
async def patient_app(provider: FakeOpenAI) -> AsyncIterator[FastAPI]:
    """One that would wait for the model as long as the test does."""
    async with running_with(asking(provider, 2 * LATEST)) as application:
        await fill(application.state.database)
        yield application


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


async def test_a_film_question_takes_two_model_calls(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    answer = (await client.post(HANDOFF, json=ALIEN)).json()
    assert answer["agent"] == "SearchAgent"
    assert answer["answer"] == "Alien (Horror, Sci-Fi) rents for $2.99."
    assert answer["status"] == "completed"
    assert answer["usage"]["model_calls"] == provider.calls == 2
    assert answer["usage"]["prompt_tokens"] > 0
    assert [(step["agent"], step["kind"], step["name"]) for step in answer["steps"]] == [
        ("SearchAgent", "tool", "film_search-search_films")
    ]


async def test_any_other_question_is_handed_over(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    answer = (await client.post(HANDOFF, json=WORLD_CUP)).json()
    assert answer["agent"] == "LLMAgent"
    assert answer["answer"].startswith("General answer: Who won the FIFA World Cup")
    assert answer["usage"]["model_calls"] == provider.calls == 2


async def test_a_film_the_store_lacks_is_handed_over_after_the_search(
    client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    answer = (await client.post(HANDOFF, json={"question": "Do you have the film Zzyzx Qwrk?"})).json()
    assert answer["agent"] == "LLMAgent"
    assert answer["usage"]["model_calls"] == provider.calls == 3


async def test_azure_answers_on_its_deployment(provider: FakeOpenAI) -> None:
    provider.api_key = KEY
    settings = settings_for(
        ai_provider=None,
        azure_openai_api_key=KEY,
        azure_openai_endpoint=provider.azure_endpoint,
        azure_openai_deployment="store-gpt",
    )
    async with running(create_app(settings)) as app, client_of(app) as http:
        await fill(app.state.database)
        answer = (await http.post(HANDOFF, json=ALIEN)).json()
        info = (await http.get("/api/v1/ai/info")).json()
    assert answer["answer"] == "Alien (Horror, Sci-Fi) rents for $2.99."
    assert provider.requests[0].path == "/openai/deployments/store-gpt/chat/completions"
    assert (info["provider"], info["model"]) == ("azure", "store-gpt")


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        (Mode.UNAUTHORIZED, 502),
        (Mode.SERVER_ERROR, 502),
        (Mode.UNAVAILABLE, 502),
        (Mode.MALFORMED, 502),
        (Mode.MALFORMED_JSON, 502),
        (Mode.HTML, 502),
        (Mode.EMPTY, 502),
        (Mode.NO_CHOICES, 502),
        (Mode.CUT_OFF, 502),
        (Mode.DROPPED, 502),
        (Mode.FINISH_LENGTH, 502),
        (Mode.UNKNOWN_TOOL, 502),
        (Mode.BAD_ARGUMENTS, 502),
        (Mode.PING_PONG, 502),
        (Mode.TOOL_FOREVER, 502),
        (Mode.RATE_LIMITED, 429),
        (Mode.HANG, 504),
        (Mode.HANG_AFTER_FIRST_CHUNK, 504),
    ],
)
@pytest.mark.parametrize("route", ["handoff", "ask", "summary"])
async def test_a_failed_model_is_never_a_polite_200(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, status: int, route: str
) -> None:
    if route != "handoff" and mode in {Mode.UNKNOWN_TOOL, Mode.BAD_ARGUMENTS, Mode.PING_PONG, Mode.TOOL_FOREVER}:
        # Without tools there are none to misuse: the fake answers these with text as if nothing were wrong.
        return
    if route == "ask" and mode in {Mode.CUT_OFF, Mode.DROPPED, Mode.FINISH_LENGTH, Mode.HANG_AFTER_FIRST_CHUNK}:
        # The first words are out by then: see the tests of the stream.
        return
    provider.mode = mode
    started = time.monotonic()
    response = await _request(client, route)
    assert response.status_code == status
    assert time.monotonic() - started < LATEST
    assert response.headers["content-type"] == "application/problem+json"
    assert KEY not in response.text
    assert provider.calls <= 12


async def _request(client: httpx.AsyncClient, route: str) -> httpx.Response:
    if route == "ask":
        return await client.get("/api/v1/ai/ask", params={"question": "Why?"})
    body = ALIEN if route == "handoff" else {"film_id": 1}
    return await client.post(f"/api/v1/ai/{route}", json=body)


async def test_a_429_passes_on_when_to_try_again(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    provider.mode, provider.retry_after = Mode.RATE_LIMITED, "17"
    response = await client.post(HANDOFF, json=ALIEN)
    assert response.headers["Retry-After"] == "17"
    assert provider.calls == 1


@pytest.mark.parametrize("later", [Mode.SERVER_ERROR, Mode.CUT_OFF, Mode.EMPTY, Mode.MALFORMED])
async def test_a_failure_after_the_first_model_call_is_reported(
    client: httpx.AsyncClient, provider: FakeOpenAI, later: Mode
) -> None:
    provider.script([Mode.NORMAL, later])
    assert (await client.post(HANDOFF, json=ALIEN)).status_code == 502


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.HANG_AFTER_FIRST_CHUNK])
async def test_the_deadline_reaches_the_provider_as_a_disconnect(
    client: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
) -> None:
    provider.mode = mode
    assert (await client.post(HANDOFF, json=ALIEN)).status_code == 504
    await provider.wait_for_disconnect()


async def test_the_key_is_in_no_log(
    client: httpx.AsyncClient, provider: FakeOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    provider.mode = Mode.UNAUTHORIZED
    await client.post(HANDOFF, json={"question": "What does a lost umbrella dream of?"})
    assert caplog.records
    assert KEY not in caplog.text
    assert "umbrella" not in caplog.text


@pytest.mark.parametrize("path", [HANDOFF, "/api/v1/ai/summary"])
async def test_a_client_that_goes_away_stops_the_model_call(
    patient_app: FastAPI, provider: FakeOpenAI, path: str
) -> None:
    provider.mode = Mode.HANG
    async with served_again(patient_app) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        body = ALIEN if path == HANDOFF else {"film_id": 1}
        waiting = asyncio.create_task(http.post(path, json=body))
        await provider.wait_for_calls(1)
        waiting.cancel()
        await provider.wait_for_disconnect(timeout=LATEST)


async def test_the_end_of_the_application_closes_its_connections_to_the_provider() -> None:
    closed = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        while await reader.read(1000):
            pass
        closed.set()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        settings = settings_for(ai_provider="openai", openai_api_key=KEY, openai_base_url=url)
        async with running(create_app(settings)) as app, client_of(app) as http:
            assert (await http.get("/api/v1/ai/ask", params={"question": "Why?"})).status_code == 502
            assert not closed.is_set()
        await asyncio.wait_for(closed.wait(), 20)


def served_again(app: FastAPI) -> AbstractAsyncContextManager[str]:
    """The running application on a socket, without starting it a second time."""
    return served(app, lifespan="off")


async def test_a_summary_is_the_stores_facts_and_the_models_words(
    client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    summary = (await client.post("/api/v1/ai/summary", json={"film_id": 1})).json()
    assert set(summary) == {"title", "rating", "recommended", "summary"}
    assert (summary["title"], summary["rating"]) == ("Alien", "R")
    assert summary["recommended"] is True
    assert summary["summary"]
    sent = provider.requests[0].body
    assert sent["response_format"]["type"] == "json_schema"
    assert not {"max_tokens", "max_completion_tokens", "temperature"} & set(sent)
    assert "Sigourney Weaver" in str(sent["messages"])


async def test_a_summary_of_no_film_asks_no_model(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    response = await client.post("/api/v1/ai/summary", json={"film_id": 99999})
    assert response.status_code == 404
    assert provider.calls == 0


@pytest.mark.parametrize("provider_name", ["openai", "azure"])
@pytest.mark.parametrize(("method", "path"), [("POST", HANDOFF), ("GET", "/api/v1/ai/ask?question=Why")])
async def test_a_provider_without_its_key_is_503(provider_name: str, method: str, path: str) -> None:
    async with running(create_app(settings_for(ai_provider=provider_name))) as app, client_of(app) as http:
        response = await http.request(method, path, json=ALIEN if method == "POST" else None)
    assert response.status_code == 503
    assert "OPENAI_API_KEY" in response.json()["detail"]


@pytest.mark.parametrize("question", ["", "   ", "x" * 4001, None, 7, "a\u0000b"])
async def test_an_invalid_question_does_not_call_the_model(
    client: httpx.AsyncClient, provider: FakeOpenAI, question: object
) -> None:
    response = await client.post(HANDOFF, json={"question": question})
    assert response.status_code == 422
    assert provider.calls == 0
