"""The service through PgBouncer in transaction mode: each transaction may use another server connection."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.database.engine import Database
from app.core.database.migrations import head_revision
from app.main import create_app
from tests.api.test_agents import ask, assert_all_right, some_films
from tests.conftest import client_of, needed, running, settings_for
from tests.fixtures.command_line import ROOT, run
from tests.fixtures.pgbouncer import NoPgBouncer, pgbouncer
from tests.fixtures.postgres_server import NoPostgres, create_database, drop_database, own_server
from tests.fixtures.schema_probes import revision_of

pytestmark = pytest.mark.postgres

SERVER_CONNECTIONS = 3
CLIENT_CONNECTIONS = 20
NAME = "store_behind_pgbouncer"

ALL_OPERATIONS = ("authorization",)
WAITING_TRANSACTIONS = ("accounts", "categories", "customers", "open_rentals", "payments", "rentals_at_once", "tokens")
STREAMS_AND_WORKERS = ("confirmations", "conversation_turns", "conversations", "film_files", "turn_events")
API_TESTS = [f"tests/api/test_{name}.py" for name in (*ALL_OPERATIONS, *WAITING_TRANSACTIONS, *STREAMS_AND_WORKERS)]
"""A pooler changes what outlives a transaction, whatever is asked: not every filter and wrong value need go through."""


@pytest.fixture(scope="module")
def pooler(postgres: str) -> Iterator[str]:
    """The URL of the server through PgBouncer."""
    yield from needed(pgbouncer(postgres, pool_size=SERVER_CONNECTIONS), NoPgBouncer)


@pytest.fixture(scope="module")
async def app(postgres: str, pooler: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FastAPI]:
    """The application on a store that was migrated and seeded through PgBouncer."""
    direct = await create_database(postgres, NAME)
    url = pooler.replace("/postgres", f"/{NAME}")
    for command in ("migrate", "seed"):
        done = await asyncio.to_thread(
            run, command, cwd=tmp_path_factory.mktemp(command), DATABASE_URL=url, DATABASE_POOLER="pgbouncer"
        )
        assert done.returncode == 0, done.stderr
    assert await revision_of(direct) == head_revision()
    settings = settings_for(url, database_pooler="pgbouncer", database_pool_size=CLIENT_CONNECTIONS)
    async with running(create_app(settings)) as application:
        await application.state.assistant.get()
        yield application
    await drop_database(postgres, NAME)


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http


async def test_clients_share_fewer_server_connections(app: FastAPI) -> None:
    """The other tests depend on this."""

    connected: list[object] = []
    all_connected = asyncio.Event()

    async def backend() -> int:
        async with app.state.database.reading() as connection:
            connected.append(connection)
            if len(connected) == CLIENT_CONNECTIONS:
                all_connected.set()
            await all_connected.wait()
            return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    backends = set(await asyncio.gather(*(backend() for _ in range(CLIENT_CONNECTIONS))))
    assert len(backends) <= SERVER_CONNECTIONS


async def test_fifty_lists_at_once_are_right(client: httpx.AsyncClient) -> None:
    paths = [f"/api/v1/films?limit=5&skip={number}&sort=title" for number in range(25)]
    paths += [f"/api/v1/films/{number}" for number in range(1, 26)]
    alone = [(await client.get(path)).json() for path in paths]
    assert [len(films) for films in alone[:25]] == [5] * 25
    for _ in range(3):
        responses = await asyncio.gather(*(client.get(path) for path in paths))
        assert {response.status_code for response in responses} == {200}
        assert [response.json() for response in responses] == alone


async def test_a_question_is_answered_from_the_store(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "What is the rental rate for the film Alien?")
    assert answer["answer"] == "Alien (Horror, Sci-Fi) rents for $2.99."


async def test_fifty_questions_at_once_are_right(client: httpx.AsyncClient) -> None:
    await assert_all_right(client, await some_films(client, 50))


async def test_of_forty_concurrent_rentals_of_an_item_exactly_one_succeeds(client: httpx.AsyncClient) -> None:
    (disc,) = (await client.post("/api/v1/inventory", json={"film_id": 1, "store_id": 1})).json()
    customers = (await client.get("/api/v1/customers", params={"active": True, "limit": 40})).json()
    responses = await asyncio.gather(
        *(
            client.post(
                "/api/v1/rentals", json={"inventory_id": disc["id"], "customer_id": customer["id"], "staff_id": 1}
            )
            for customer in customers
        )
    )
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 39}


async def test_nothing_stays_prepared_on_the_server(app: FastAPI, client: httpx.AsyncClient) -> None:
    """PgBouncer does not reset connections between transactions, so prepared statements would accumulate."""
    await asyncio.gather(*(client.get(f"/api/v1/films/{number}") for number in range(1, 40)))
    database: Database = app.state.database
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one() == 0


async def test_prismas_parameter_says_the_same_as_the_setting(app: FastAPI) -> None:
    url = app.state.database.engine.url.render_as_string(hide_password=False)
    settings = settings_for(f"{url}?pgbouncer=true&connection_limit=1", database_pooler="none", database_pool_size=9)
    async with running(create_app(settings)) as other, client_of(other) as http:
        paths = [f"/api/v1/films/{number}" for number in range(1, 60)]
        answers = await asyncio.gather(*(http.get(path) for path in paths))
        assert {answer.status_code for answer in answers} == {200}
        async with other.state.database.reading() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one() == 0


@pytest.mark.timeout(600)
async def test_every_operation_and_what_waits_or_streams_passes_through_it(pooler: str) -> None:
    """In a run of their own on a server of their own: their databases have the names of ours."""
    try:
        with own_server() as server, pgbouncer(server, pool_size=SERVER_CONNECTIONS) as url:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("-m", "postgres and not alone", *API_TESTS),
                cwd=ROOT,
                env={**os.environ, "TEST_DATABASE_URL": url, "TEST_DATABASE_POOLER": "pgbouncer"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
    except NoPostgres as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    assert process.returncode == 0, output.decode()
