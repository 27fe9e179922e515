"""GET /ai/ask on a socket: no thought is streamed, and an answer without thoughts is not held back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.fakes.openai_server import FakeOpenAI, Mode, Reply
from tests.fixtures.model_questions import (
    ASKED,
    TEXT,
    ask_model,
    assert_answered,
)
from tests.fixtures.served import served

pytestmark = pytest.mark.servers


class TestThoughtsInStreams:
    """GET /ai/ask on a socket: no thought is streamed, and an answer without thoughts is not held back for long."""

    @pytest.fixture
    async def http(self, new_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        async with served(new_app, lifespan="off") as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
            yield http

    @pytest.mark.parametrize("mode", [Mode.THOUGHT_ONLY_CLOSED, Mode.THOUGHT_CLOSED_IN_PIECES])
    async def test_a_thought_without_its_beginning_is_held_back(
        self, http: httpx.AsyncClient, provider: FakeOpenAI, mode: Mode
    ) -> None:
        provider.mode = mode
        for _ in range(2):
            assert_answered(TEXT, await ask_model(http))

    async def test_a_stream_aborts_at_an_unexpected_thought_and_the_next_one_holds_it_back(
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
