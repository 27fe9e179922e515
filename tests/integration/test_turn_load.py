"""Turns over sockets and with a model behind one: how soon words arrive, many at once, and what is left behind."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import col

from app.main import create_app
from app.models import Turn, TurnEvent
from tests.conftest import running, sample_file, settings_for
from tests.fakes.openai_server import Behaviour, FakeOpenAI, Reply, fake_openai
from tests.fixtures.agui import STREAM, events_in, streaming
from tests.fixtures.callers import CUSTOMER, SECRET, bearer, token_of
from tests.fixtures.served import served
from tests.fixtures.serving import UVICORN, serving
from tests.fixtures.talking import CONVERSATIONS, own_store

pytestmark = [pytest.mark.alone, pytest.mark.servers]

OWN = bearer(token_of(CUSTOMER))
ASKED = {"question": 'What is the rental rate for the film "Alien"?'}
INSISTING = {**ASKED, "if_busy": "cancel"}
STREAMS = 200
MEMORY = 60 * 1024
"""KB."""
DISCONNECTS = int(os.environ.get("TURN_DISCONNECTS", "100"))


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with fake_openai(plain=True) as server:
        yield server


@pytest.fixture(scope="module")
async def app(
    server: str | None, provider: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    model = {"ai_provider": "openai", "openai_api_key": "sk-test", "openai_base_url": provider.base_url}
    async with (
        own_store(server, tmp_path_factory) as url,
        running(create_app(settings_for(url, **model))) as application,
    ):
        await application.state.assistant.get()
        yield application


@pytest.fixture
async def client(app: FastAPI, provider: FakeOpenAI) -> AsyncIterator[httpx.AsyncClient]:
    provider.reset()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with (
        served(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, headers=OWN, timeout=60, limits=limits) as http,
    ):
        yield http


async def conversation(client: httpx.AsyncClient) -> str:
    return (await client.post(CONVERSATIONS)).headers["location"]


async def test_the_first_event_and_each_word_come_at_once(client: httpx.AsyncClient, provider: FakeOpenAI) -> None:
    path, first, behind = await conversation(client), [], []
    for _ in range(8):
        words = Behaviour(reply=Reply("Alien is a film that rents for $2.99, and so it is worth every cent of it."))
        provider.script([words])
        provider.chunk_delay = 0.02
        asked, arrived = time.monotonic(), []
        async with streaming(client, "POST", f"{path}/turns", json=ASKED) as events:
            async for _, event in events:
                if event["type"] == "RUN_STARTED":
                    first.append(time.monotonic() - asked)
                if event["type"] == "TEXT_MESSAGE_CONTENT":
                    arrived.append(time.monotonic())
        # Of the parts, the last three have no text: the end, the usage and [DONE].
        sent = provider.requests[-1].sent[-3 - len(arrived) : -3]
        behind += [came - went for came, went in zip(arrived, sent, strict=True)]
    assert len(behind) > 8 * 3
    assert min(behind) > 0
    # The fastest of them, because opening a turn is CPU time, which a busy machine gives late.
    assert min(first) < 0.05
    assert median(behind) < 0.02


async def test_the_two_hundredth_turn_costs_little_more_than_the_twentieth(client: httpx.AsyncClient) -> None:
    path, costs = await conversation(client), []
    for _ in range(STREAMS):
        started = time.process_time()
        assert (await client.post(f"{path}/turns", json=ASKED)).status_code == 201
        costs.append(time.process_time() - started)
    assert median(costs[-20:]) < 1.5 * median(costs[10:30])


def memory_of(process_id: int) -> int:
    """KB of resident memory."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def test_two_hundred_streams_at_once_are_whole(
    provider: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> None:
    provider.reset()
    provider.latency = 2.0
    variables = {
        "DATABASE_URL": await sample_file(tmp_path_factory),
        "SECRET_KEY": SECRET,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": provider.base_url,
        "RATE_LIMIT_AI": "off",
        "AI_TIMEOUT_SECONDS": "120",
        "DATABASE_POOL_TIMEOUT": "60",
    }
    folder = tmp_path_factory.mktemp("load")
    limits = httpx.Limits(max_connections=None)
    async with (
        serving(*UVICORN, folder=folder, **variables) as service,
        httpx.AsyncClient(base_url=service.url, headers=OWN, timeout=120, limits=limits) as client,
    ):
        paths = [await conversation(client) for _ in range(STREAMS)]
        for path in paths[:5]:
            await client.post(f"{path}/turns", json=ASKED)
        before = memory_of(service.process.pid)
        asking = [client.post(f"{path}/turns", json=ASKED, headers=STREAM) for path in paths]
        streams = await asyncio.gather(*asking)
        grown = memory_of(service.process.pid) - before
        for stream in streams:
            told = events_in(stream.content)
            assert (told[0][1]["type"], told[-1][1]["type"]) == ("RUN_STARTED", "RUN_FINISHED")
            assert told[-1][1]["result"]["answer"].startswith("Alien (Horror")
    assert grown < MEMORY


@dataclass
class Leaving:
    """A client that asks and goes away, each time in another way and at another moment."""

    client: httpx.AsyncClient
    draw: random.Random

    async def turns(self, path: str, number: int) -> None:
        """Ask so many questions in this conversation; a later one cancels one that is still running."""
        for _ in range(number):
            await self.draw.choice((self.stream, self.give_up, self.cancel, self.wait))(f"{path}/turns")

    async def stream(self, path: str) -> None:
        async with streaming(self.client, "POST", path, json=INSISTING) as events:
            for _ in range(self.draw.randrange(8)):
                await anext(events, None)

    async def give_up(self, path: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await self.client.post(path, json=INSISTING, timeout=httpx.Timeout(60, read=0.001))

    async def cancel(self, path: str) -> None:
        asking = asyncio.create_task(self.wait(path))
        await asyncio.sleep(self.draw.random() * 0.02)
        for turn in (await self.client.get(path, params={"sort": "-id", "limit": 1})).json():
            await self.client.post(f"{path}/{turn['id']}/cancel")
        await asking

    async def wait(self, path: str) -> None:
        assert (await self.client.post(path, json=INSISTING)).status_code == 201


async def number_of(app: FastAPI, *conditions: sa.ColumnElement[bool]) -> int:
    async with app.state.database.reading() as connection:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(Turn).where(*conditions)))


async def until_idle(app: FastAPI) -> None:
    """Until the last turn has ended by itself."""
    runner = app.state.turns
    while runner._tasks or not runner._watching.done():
        await asyncio.wait([*runner._tasks, runner._watching])


async def test_clients_that_leave_at_any_moment_leave_nothing_behind(
    app: FastAPI, client: httpx.AsyncClient, provider: FakeOpenAI
) -> None:
    provider.latency = provider.chunk_delay = 0.005
    paths = [await conversation(client) for _ in range(5)]
    before = asyncio.all_tasks()
    leaving = Leaving(client, random.Random(4))
    await asyncio.gather(*(leaving.turns(path, DISCONNECTS // len(paths)) for path in paths))
    await until_idle(app)
    own = col(Turn.conversation_id).in_([int(path.rpartition("/")[2]) for path in paths])
    assert await number_of(app, own) > DISCONNECTS // 2
    assert await number_of(app, col(Turn.status) == "running") == 0
    await asyncio.to_thread(provider.wait_until, lambda: all(request.ended for request in provider.requests))
    for path in paths:
        assert (await client.delete(path)).status_code == 204
    assert await number_of(app, own) == 0
    await client.aclose()
    while left := {task for task in asyncio.all_tasks() - before if task.get_coro() is not None and not task.done()}:
        done, _ = await asyncio.wait(left, timeout=5)
        assert done, f"a turn left tasks behind: {left}"
    assert app.state.database.engine.pool.checkedout() == 0
    async with app.state.database.reading() as connection:
        orphans = col(TurnEvent.turn_id).not_in(sa.select(col(Turn.id)))
        assert await connection.scalar(sa.select(sa.func.count()).where(orphans)) == 0
