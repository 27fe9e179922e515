"""Concurrent questions to a model behind a socket."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.api.test_agents import assert_all_right, some_films
from tests.conftest import IN_MEMORY, client_of, fill, running, sample_database, settings_for
from tests.fakes.openai_server import FakeOpenAI, fake_openai


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.fixture(scope="module")
async def app(server: str | None, provider: FakeOpenAI) -> AsyncIterator[FastAPI]:
    url = await sample_database(server, "sample_store_of_socket") if server else IN_MEMORY
    settings = settings_for(
        url,
        ai_provider="openai",
        openai_api_key="sk-test",
        openai_base_url=provider.base_url,
        database_pool_size=5,
    )
    async with running(create_app(settings)) as application:
        if server is None:
            await fill(application.state.database)
        yield application


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


async def test_fifty_concurrent_questions_are_answered_correctly(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await assert_all_right(client, await some_films(client, 50))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.alone
async def test_a_thinking_model_holds_no_connection(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    """50 turns wait 2 s for the model twice, with a pool of 5 and a timeout of 5 s: none may hold a connection."""
    films = await some_films(client, 50)
    provider.reset()
    provider.latency = 2.0
    turns = asyncio.create_task(assert_all_right(client, films))
    await provider.wait_for_calls(50, timeout=20)
    slowest = 0.0
    for _ in range(20):
        started = time.perf_counter()
        assert (await client.get("/api/v1/films/1")).status_code == 200
        slowest = max(slowest, time.perf_counter() - started)
    assert not turns.done()
    assert slowest < 1
    await turns
