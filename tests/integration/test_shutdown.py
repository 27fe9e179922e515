"""SIGTERM: running requests have a grace period and are answered, and the process ends in order."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from app.core.database.engine import Database
from tests.conftest import fill, settings_for
from tests.fakes.openai_server import FakeOpenAI, Mode, fake_openai
from tests.fixtures.callers import SECRET
from tests.fixtures.serving import UVICORN, Service, serving

pytestmark = pytest.mark.servers

HANDOFF = "/api/v1/ai/handoff"
QUESTION = {"question": 'What is the rental rate for the film "Alien"?'}

WORKERS = (*UVICORN, "--workers", "2")


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai() as server:
        yield server


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stopping") / "store.db"
    database = Database(settings_for(f"sqlite+aiosqlite:///{path}"))
    await fill(database)
    await database.dispose()
    return path


@pytest.fixture
def variables(store: Path, provider: FakeOpenAI) -> dict[str, str]:
    provider.reset()
    return {
        "DATABASE_URL": f"sqlite:///{store}",
        "SECRET_KEY": SECRET,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": provider.base_url,
    }


async def assert_ended_well(service: Service, store: Path, *, within: float) -> None:
    """Check that all processes have ended and closed their connections: the last one removes SQLite's log."""
    started = time.monotonic()
    assert await service.ended(30) == 0, service.log
    assert time.monotonic() - started < within
    assert "Traceback" not in service.log, service.log
    assert not store.with_name(f"{store.name}-wal").exists()


@pytest.mark.parametrize("command", [UVICORN, WORKERS], ids=["uvicorn", "workers"])
async def test_a_request_that_ends_in_time_is_answered_whole(
    command: tuple[str, ...], variables: dict[str, str], store: Path, tmp_path: Path, provider: FakeOpenAI
) -> None:
    provider.latency = 1.0
    async with (
        serving(*command, folder=tmp_path, **variables) as service,
        httpx.AsyncClient(base_url=service.url, timeout=30) as client,
    ):
        asking = asyncio.create_task(client.post(HANDOFF, json=QUESTION))
        await provider.wait_for_calls(1, timeout=30)
        service.stop()
        answer = await asking
        assert answer.status_code == 200
        assert "$2.99" in answer.json()["answer"]
        await assert_ended_well(service, store, within=5)


@pytest.fixture(params=[("app", "serve"), UVICORN, WORKERS], ids=["serve", "uvicorn", "workers"])
async def impatient(
    request: pytest.FixtureRequest, variables: dict[str, str], tmp_path: Path
) -> AsyncIterator[Service]:
    async with serving(*request.param, folder=tmp_path, SHUTDOWN_GRACE_SECONDS="0.5", **variables) as service:
        yield service


async def test_a_request_that_waits_for_a_model_after_the_grace_period_is_503(
    impatient: Service, store: Path, provider: FakeOpenAI
) -> None:
    async with httpx.AsyncClient(base_url=impatient.url, timeout=30) as client:
        provider.mode = Mode.HANG
        asking = [
            asyncio.create_task(client.post(HANDOFF, json=QUESTION)),
            asyncio.create_task(client.post("/api/v1/ai/summary", json={"film_id": 1})),
            asyncio.create_task(client.get("/api/v1/ai/ask", params=QUESTION)),
        ]
        await provider.wait_for_calls(len(asking), timeout=30)
        provider.mode = Mode.HANG_AFTER_FIRST_CHUNK
        async with client.stream(
            "GET", "/api/v1/ai/ask", params=QUESTION, headers={"Accept": "text/event-stream"}
        ) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: delta"
            impatient.stop()
            rest = [line async for line in lines if line]
        for answer in await asyncio.gather(*asking):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["detail"] == "The service is shutting down: try again."
        assert rest[-2] == "event: error"
        assert json.loads(rest[-1].removeprefix("data: "))["status"] == 503
        await provider.wait_for_disconnect(count=4)
        await assert_ended_well(impatient, store, within=3)
