"""Fixtures that several test modules here use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.fixtures.redis_server import RedisServer
from tests.fixtures.talking import Talk, own_store, two_workers


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def storage(request: pytest.FixtureRequest) -> str | None:
    """The storage of rate limits: a Redis database, or None for the process's memory."""
    if request.param == "memory":
        return None
    server: RedisServer = request.getfixturevalue("redis")
    return server.empty_database()


@pytest.fixture(scope="module")
async def workers(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    """Two workers of one store."""
    async with own_store(server, tmp_path_factory) as url, two_workers(url) as talk:
        yield talk


@pytest.fixture
async def talk(workers: Talk) -> AsyncIterator[Talk]:
    """The workers, whose turns are stopped after each test, which must leave no task."""
    before = asyncio.all_tasks()
    yield workers
    for app in (workers.app, workers.other_app):
        for live in list(app.state.turns._live.values()):
            await app.state.turns.cancel(live.id)
    await asyncio.gather(*workers.asking, return_exceptions=True)
    workers.asking.clear()
    watching = {app.state.turns._watching for app in (workers.app, workers.other_app)} - {None}
    await asyncio.gather(*watching, return_exceptions=True)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"a turn left tasks behind: {left}"
