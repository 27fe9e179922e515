"""Shared fixtures: a sample store in memory and on Postgres, the application on each, and no outside network."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from itertools import count
from typing import TypeVar

import httpx
import pytest
from fastapi import FastAPI

from app.core.auth.identity import Caller
from app.core.settings import Settings
from app.main import create_app
from tests.fixtures.callers import ADMIN, bearer, token_of
from tests.fixtures.postgres_server import NoPostgres, drop_database, postgres_server
from tests.fixtures.redis_server import NoRedis, RedisServer, redis_server
from tests.fixtures.sample_stores import fill, migrate, sample_database, sample_file
from tests.fixtures.settings import IN_MEMORY, settings_for

__all__ = [
    "IN_MEMORY",
    "ON_BOTH",
    "client_of",
    "fill",
    "migrate",
    "needed",
    "running",
    "running_with",
    "sample_database",
    "sample_file",
    "settings_for",
]

T = TypeVar("T")

_numbers = count(1)

_idle: list[tuple[Settings, FastAPI]] = []

ON_BOTH = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]

gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage again, except what is there for the whole run: modules and tests are a million objects."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _own_environment() -> Iterator[None]:
    """Ignore the developer's environment variables and `.env`."""
    patch = pytest.MonkeyPatch()
    for name in Settings.model_fields:
        patch.delenv(name.upper(), raising=False)
    patch.setitem(Settings.model_config, "env_file", None)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _no_way_out() -> Iterator[None]:
    """Block connections to other machines, so that no test calls a real model by accident."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        internet = self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple)
        if internet and not ipaddress.ip_address(address[0]).is_loopback:  # type: ignore[index]
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


def needed(server: AbstractContextManager[T], missing: type[Exception]) -> Iterator[T]:
    """Yield what the server's context gives. If the server is missing, skip the tests; in CI, fail."""
    try:
        with server as given:
            yield given
    except missing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A Postgres server's maintenance URL."""
    yield from needed(postgres_server(), NoPostgres)


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis server."""
    yield from needed(redis_server(), NoRedis)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """Run the application's lifespan."""
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def running_with(settings: Settings) -> AsyncIterator[FastAPI]:
    """Run an application with these settings, which remembers nothing: a lifespan makes all that it keeps.

    One that ran before with the same settings starts again. FastAPI builds the routes of each application anew,
    at its first request, which takes longer than most tests.
    """
    fitting = next((pair for pair in _idle if pair[0] == settings), None)
    if fitting:
        _idle.remove(fitting)
    app = fitting[1] if fitting else create_app(settings)
    async with running(app):
        yield app
    _idle.append((settings, app))


@pytest.fixture(scope="module", params=ON_BOTH)
def server(request: pytest.FixtureRequest) -> str | None:
    """The URL of the Postgres server of the sample store; None for a store in memory."""
    return str(request.getfixturevalue("postgres")) if request.param == "postgres" else None


@pytest.fixture(scope="session")
async def app_in_memory() -> AsyncIterator[FastAPI]:
    """The application with the offline model on a sample store in memory."""
    async with running(create_app(settings_for())) as application:
        await fill(application.state.database)
        await application.state.assistant.get()  # else it loads in the midst of a test that counts tasks
        yield application


@pytest.fixture(scope="session")
async def app_on_postgres(postgres: str) -> AsyncIterator[FastAPI]:
    """The application with the offline model on a sample store on Postgres."""
    async with running(create_app(settings_for(await sample_database(postgres, "sample_store")))) as application:
        await application.state.assistant.get()
        yield application


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, server: str | None) -> FastAPI:
    """The application, once in memory and once on Postgres; for modules that only read."""
    application: FastAPI = request.getfixturevalue("app_on_postgres" if server else "app_in_memory")
    return application


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls `app` without a socket; not for streams and disconnects."""
    async with client_of(app) as http:
        yield http


@pytest.fixture(scope="module")
async def own_app(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FastAPI]:
    """The application on the module's own store, in an SQLite file, then on Postgres; for modules that write."""
    name = f"own_store_{next(_numbers)}"
    url = await (sample_database(server, name) if server else sample_file(tmp_path_factory))
    async with running(create_app(settings_for(url, database_pool_size=10))) as application:
        yield application
    if server:
        await drop_database(server, name)


@pytest.fixture(scope="module")
async def own_client(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `own_app`, as an admin."""
    async with client_of(own_app) as http:
        yield http


@pytest.fixture(scope="module")
async def stranger(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous client of `own_app`."""
    async with client_of(own_app, caller=None) as http:
        yield http


def client_of(app: FastAPI, caller: Caller | None = ADMIN, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """Return a client of this application, as an admin by default.

    An exception in the application is a 500 response, as for a real client.
    """
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
    headers = bearer(token_of(caller)) if caller else None
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


def pytest_xdist_auto_num_workers() -> int | None:
    """Return 0 for a server that the tests are given, which has room for one worker; None: one for each processor."""
    return 0 if os.environ.get("TEST_DATABASE_URL") else None
