"""What all tests share: a sample store in memory and on Postgres, the application on each, and no way out."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from itertools import count
from typing import TypeVar

import httpx
import pytest
from alembic import command
from fastapi import FastAPI

from app.core.db import Database
from app.core.identity import Caller
from app.core.schema import alembic_config
from app.core.settings import Settings
from app.main import create_app
from app.seed.store import seed
from tests.fixtures.callers import ADMIN, SECRET, add_accounts, bearer, token_of
from tests.fixtures.postgres_server import NoPostgres, create_database, drop_database, postgres_server
from tests.fixtures.redis_server import NoRedis, RedisServer, redis_server

T = TypeVar("T")

IN_MEMORY = "sqlite+aiosqlite:///:memory:"

_numbers = count(1)

ON_BOTH = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(autouse=True, scope="session")
def _own_environment() -> Iterator[None]:
    """Neither the developer's variables nor their `.env` decide what is tested."""
    patch = pytest.MonkeyPatch()
    for name in Settings.model_fields:
        patch.delenv(name.upper(), raising=False)
    patch.setitem(Settings.model_config, "env_file", None)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _no_way_out() -> Iterator[None]:
    """Only this machine can be reached: no test asks a real model, by accident either."""
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
    """What the server gives while it runs. Where it cannot be had, tests are skipped; in CI that is a failure."""
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


def settings_for(database_url: str = IN_MEMORY, **overrides: object) -> Settings:
    """Settings as a deployment would have them, with the offline model and no limits unless said otherwise."""
    ours = {"ai_provider": "offline", "database_url": database_url, "secret_key": SECRET, "password_rounds": 4}
    pooler = os.environ.get("TEST_DATABASE_POOLER", "none")
    unlimited = {"rate_limit_ai": "off", "rate_limit_auth": "off", "max_open_rentals": 10_000}
    return Settings.model_validate({**ours, **unlimited, "database_pooler": pooler, **overrides})


async def migrate(database: Database) -> None:
    """Bring the database that these connections see, which may exist in memory alone, up to date."""
    async with database.engine.connect() as connection:
        config = alembic_config()

        def upgrade(sync_connection: object) -> None:
            config.attributes["connection"] = sync_connection
            command.upgrade(config, "head")

        await connection.run_sync(upgrade)
        await connection.commit()


async def fill(database: Database) -> None:
    """Migrate and seed it, and give everybody who asks in tests an account."""
    await migrate(database)
    await seed(database)
    await add_accounts(database)


async def sample_database(server: str, name: str) -> str:
    """A new database on this server, with the sample store in it."""
    url = await create_database(server, name)
    database = Database(settings_for(url))
    await fill(database)
    await database.dispose()
    return url


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application between start and stop."""
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session", params=ON_BOTH)
def server(request: pytest.FixtureRequest) -> str | None:
    """Where the sample store is: a Postgres server, or None for memory."""
    return str(request.getfixturevalue("postgres")) if request.param == "postgres" else None


@pytest.fixture(scope="session")
async def app(server: str | None) -> AsyncIterator[FastAPI]:
    """The application with the offline model on a sample store, once in memory and once on Postgres."""
    url = await sample_database(server, "sample_store") if server else IN_MEMORY
    async with running(create_app(settings_for(url))) as application:
        if server is None:
            await fill(application.state.database)
        await application.state.assistant.get()  # else it loads in the midst of a test that counts tasks
        yield application


@pytest.fixture(scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the application without a socket: for everything but streams and disconnects."""
    async with client_of(app) as http:
        yield http


@pytest.fixture(scope="module")
async def own_app(server: str | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FastAPI]:
    """For modules that write: a store that only they see, in an SQLite file, then on Postgres."""
    name = f"own_store_{next(_numbers)}"
    url = await (sample_database(server, name) if server else sample_file(tmp_path_factory))
    async with running(create_app(settings_for(url, database_pool_size=10))) as application:
        yield application
    if server:
        await drop_database(server, name)


async def sample_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A new SQLite file with the sample store in it."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('own')}/store.db"
    database = Database(settings_for(url))
    await fill(database)
    await database.dispose()
    return url


@pytest.fixture(scope="module")
async def own_client(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls it."""
    async with client_of(own_app) as http:
        yield http


@pytest.fixture(scope="module")
async def stranger(own_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls it without saying who asks."""
    async with client_of(own_app, caller=None) as http:
        yield http


def client_of(app: FastAPI, caller: Caller | None = ADMIN, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client of this application; a 500 is a response to look at, as it is for a real client.

    Unless a test is about who asks, an admin does.
    """
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
    headers = bearer(token_of(caller)) if caller else None
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
