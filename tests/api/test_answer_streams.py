"""GET /ai/ask on a socket: the data that arrives, and when, as text and as events.

The server is a plain one whatever quirks are mixed into others: these tests are about the moments of its answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.conftest import running, running_with, settings_for
from tests.fakes.openai_server import FakeOpenAI, Mode, fake_openai
from tests.fixtures.served import served

pytestmark = pytest.mark.servers

DEADLINE = 1.0


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(provider: FakeOpenAI) -> None:
    provider.reset()


@pytest.fixture(scope="module")
async def app(provider: FakeOpenAI) -> AsyncIterator[FastAPI]:
    ours = {"ai_provider": "openai", "openai_api_key": "sk-test", "openai_base_url": provider.base_url}
    async with running(create_app(settings_for(**ours, ai_timeout_seconds=DEADLINE))) as application:
        await application.state.assistant.get()
        yield application


@pytest.fixture
async def patient(provider: FakeOpenAI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that would wait for the model for a minute."""
    ours = {"ai_provider": "openai", "openai_api_key": "sk-test", "openai_base_url": provider.base_url}
    async with (
        running_with(settings_for(**ours, ai_timeout_seconds=60)) as application,
        served(application, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield client


class TestStream:
    """GET /ai/ask on a socket: the text that arrives, and when."""

    @pytest.fixture
    async def http(self, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        async with served(app, lifespan="off") as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
            yield client

    async def test_words_arrive_as_the_model_gives_them(self, http: httpx.AsyncClient, provider: FakeOpenAI) -> None:
        provider.chunk_delay = 0.05
        arrived: list[float] = []
        text = ""
        async with http.stream("GET", "/api/v1/ai/ask", params={"question": "Why is the sky blue?"}) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"] == "text/plain; charset=utf-8"
            async for part in stream.aiter_text():
                arrived.append(time.monotonic())
                text += part
        assert text == "General answer: Why is the sky blue?"
        assert len(arrived) > 2
        assert arrived[-1] - arrived[0] > 0.05

    @pytest.mark.parametrize("mode", [Mode.CUT_OFF, Mode.DROPPED, Mode.FINISH_LENGTH, Mode.HANG_AFTER_FIRST_CHUNK])
    async def test_a_late_failure_breaks_the_stream_off(
        self, http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode = mode
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/api/v1/ai/ask", params={"question": "Why is the sky blue?"})

    @pytest.mark.parametrize("mode", [Mode.HANG, Mode.HANG_AFTER_FIRST_CHUNK])
    async def test_a_client_that_goes_away_stops_the_model_call(
        self, patient: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode = mode
        waiting = asyncio.create_task(patient.get("/api/v1/ai/ask", params={"question": "Why?"}))
        await provider.wait_for_calls(1)
        await asyncio.sleep(0.05)
        waiting.cancel()
        await provider.wait_for_disconnect()


class TestEvents:
    """GET /ai/ask as Server-Sent Events."""

    @pytest.fixture
    async def http(self, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"accept": "text/event-stream"}
        async with (
            served(app, lifespan="off") as url,
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client,
        ):
            yield client

    async def events(self, http: httpx.AsyncClient) -> list[tuple[str, dict[str, object]]]:
        response = await http.get("/api/v1/ai/ask", params={"question": "Why is the sky blue?"})
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = [block.splitlines() for block in response.text.strip().split("\n\n")]
        return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in blocks]

    async def test_an_answer_is_deltas_and_done(self, http: httpx.AsyncClient) -> None:
        *deltas, last = await self.events(http)
        assert last == ("done", {})
        assert {name for name, _ in deltas} == {"delta"}
        assert "".join(str(data["text"]) for _, data in deltas) == "General answer: Why is the sky blue?"

    @pytest.mark.parametrize(
        ("mode", "status"), [(Mode.CUT_OFF, 502), (Mode.DROPPED, 502), (Mode.HANG_AFTER_FIRST_CHUNK, 504)]
    )
    async def test_a_late_failure_is_the_last_event(
        self, http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode, status: int
    ) -> None:
        provider.mode = mode
        *deltas, (name, problem) = await self.events(http)
        assert deltas
        assert (name, problem["status"]) == ("error", status)

    async def test_an_early_failure_has_its_own_status(self, http: httpx.AsyncClient, provider: FakeOpenAI) -> None:
        provider.mode = Mode.SERVER_ERROR
        assert (await http.get("/api/v1/ai/ask", params={"question": "Why?"})).status_code == 502
