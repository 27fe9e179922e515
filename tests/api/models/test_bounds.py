"""Answers of excessive size: the turn ends soon, and other requests are served."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.fakes.openai_groups import (
    HOSTILE,
)
from tests.fakes.openai_server import FakeOpenAI, Mode, Reply, ToolCall
from tests.fixtures.model_questions import (
    DEADLINE,
    FILM,
    SEARCH,
    SUMMARY,
    Question,
    ask_film,
    assert_answered,
)
from tests.fixtures.served import served

pytestmark = pytest.mark.servers

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
    """Answers of excessive size: the turn ends soon, and other requests are served."""

    @pytest.fixture
    async def url(self, app: FastAPI) -> AsyncIterator[str]:
        async with served(app, lifespan="off") as url:
            yield url

    @pytest.mark.alone
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
    async def test_a_turn_continues_after_absurd_tool_arguments_are_rejected(
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
    async def test_the_model_is_told_that_its_tool_arguments_are_absurd(
        self, client: httpx.AsyncClient, provider: FakeOpenAI, reply: Reply
    ) -> None:
        provider.script([reply, Reply("There is no such film.")])
        response = await ask_film(client)
        assert (response.status_code, response.json()["answer"]) == (200, "There is no such film.")
