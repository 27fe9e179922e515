"""Common forms of DATABASE_URL, with which the service, Alembic and the command line connect to a Postgres with TLS."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, text

from app.core.database.engine import Database
from app.main import create_app
from tests.conftest import client_of, needed, running, sample_database, settings_for
from tests.fixtures.certificates import turn_on_tls
from tests.fixtures.command_line import ROOT, run, run_module
from tests.fixtures.ports import free_port
from tests.fixtures.postgres_server import NoPostgres, own_server
from tests.fixtures.schema_probes import rows_of
from tests.fixtures.serving import UVICORN, serving

pytestmark = pytest.mark.postgres

NAME = "store_by_url"


@dataclass(frozen=True)
class Server:
    """A server with a store, and the values for its URL."""

    port: int
    sockets: str
    certificate: str

    def url(self, template: str) -> str:
        """A template with what this server has in place of the names in braces."""
        return template.format(
            port=self.port, sockets=self.sockets, certificate=self.certificate, name=NAME, closed=free_port()
        )


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[str]:
    """A server whose configuration these tests may change."""
    yield from needed(own_server(), NoPostgres)


@pytest.fixture(scope="module")
async def server(own_postgres: str) -> Server:
    """The server with the sample store and TLS."""
    await sample_database(own_postgres, NAME)
    ((sockets,),) = await rows_of(own_postgres, "SHOW unix_socket_directories")
    certificate = await turn_on_tls(own_postgres)
    return Server(make_url(own_postgres).port or 0, sockets, certificate)


async def session_of(url: str, query: str) -> tuple[object, ...]:
    """Return a row about the session that the service gets with this URL."""
    database = Database(settings_for(url))
    try:
        async with database.reading() as connection:
            return tuple((await connection.execute(text(query))).one())
    finally:
        await database.dispose()


_TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
_GOOD = [
    ("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable", _TLS, False),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=allow", _TLS, False),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=prefer", _TLS, True),
    ("postgresql+psycopg2://postgres@127.0.0.1:{port}/{name}?sslmode=require&channel_binding=require", _TLS, True),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=verify-ca&sslrootcert={certificate}", _TLS, True),
    ("postgresql+psycopg://postgres@127.0.0.1:{port}/{name}?sslmode=verify-full&sslrootcert={certificate}", _TLS, True),
    ("postgres:///{name}?host={sockets}&port={port}&user=postgres", "SELECT inet_server_addr() IS NULL", True),
    (
        "postgresql://postgres@127.0.0.1:{closed},127.0.0.1:{port}/{name}?target_session_attrs=read-write",
        "SELECT inet_server_port() > 0",
        True,
    ),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?application_name=till", "SHOW application_name", "till"),
    (
        "postgresql://postgres@127.0.0.1:{port}/{name}?options=-c%20statement_timeout%3D7s",
        "SHOW statement_timeout",
        "7s",
    ),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?schema=pg_catalog", "SHOW search_path", "pg_catalog"),
    (
        "postgresql://postgres@127.0.0.1:{port}/{name}?pgbouncer=true&connection_limit=1",
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%nothing of this kind%'",
        0,
    ),
    ("postgresql://postgres@127.0.0.1:{port}/{name}?options=-c%20TimeZone%3DAsia/Tokyo", "SHOW TimeZone", "UTC"),
]


@pytest.mark.parametrize(("template", "query", "answer"), _GOOD, ids=[template for template, _, _ in _GOOD])
async def test_the_session_has_the_settings_of_the_url(
    server: Server, template: str, query: str, answer: object
) -> None:
    assert await session_of(server.url(template), query) == (answer,)


@pytest.mark.parametrize(
    "query", ["sslmode=require&channel_binding=require&connect_timeout=9", "pgbouncer=true&connection_limit=1"]
)
def test_alembic_and_the_command_line_read_the_same_url(server: Server, query: str, tmp_path: Path) -> None:
    url = server.url("postgresql+psycopg2://postgres@127.0.0.1:{port}/{name}?" + query)
    for command in (["current"], ["check"], ["upgrade", "head"], ["upgrade", "head", "--sql"]):
        done = run_module("alembic", "-c", str(ROOT / "alembic.ini"), *command, cwd=tmp_path, DATABASE_URL=url)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    named = run_module("alembic", "-c", str(ROOT / "alembic.ini"), "-x", f"url={url}", "current", cwd=tmp_path)
    assert named.returncode == 0, named.stderr
    key = run("create-api-key", "till", cwd=tmp_path, DATABASE_URL=url)
    assert (key.returncode, "dvd_" in key.stdout) == (0, True), key.stderr


async def test_ignored_parameters_are_logged_once(server: Server, tmp_path: Path) -> None:
    url = server.url("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=require&channel_binding=require&keepalives=1")
    async with (
        serving(*UVICORN, folder=tmp_path, DATABASE_URL=url, AI_PROVIDER="offline") as service,
        httpx.AsyncClient(base_url=service.url, timeout=60) as client,
    ):
        assert [(await client.get("/api/v1/films/1")).status_code for _ in range(3)] == [200] * 3
        assert service.log.count("database_url_parameters_ignored: channel_binding, keepalives") == 1


_BAD = {
    "an unknown parameter": (
        "postgresql://ada:s3cret@127.0.0.1:{port}/{name}?frobnicate=1",
        "the unsupported parameter frobnicate",
    ),
    "no port": ("postgresql://ada:s3cret@127.0.0.1:x/{name}", "must be a URL"),
}


@pytest.mark.parametrize(("template", "says"), _BAD.values(), ids=list(_BAD))
def test_an_unusable_url_is_a_one_line_error_everywhere(
    server: Server, template: str, says: str, tmp_path: Path
) -> None:
    url = server.url(template)
    for done in (
        run("serve", cwd=tmp_path, DATABASE_URL=url),
        run("migrate", cwd=tmp_path, DATABASE_URL=url),
        run_module("uvicorn", "app.main:app", cwd=tmp_path, DATABASE_URL=url),
        run_module("alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head", cwd=tmp_path, DATABASE_URL=url),
    ):
        assert done.returncode != 0
        assert says in done.stderr
        assert "Traceback" not in done.stderr + done.stdout
        assert "s3cret" not in done.stderr + done.stdout


_UNREACHABLE = {
    "nobody listens": "postgresql://postgres@127.0.0.1:{closed}/{name}",
    "no such database": "postgresql://postgres@127.0.0.1:{port}/nowhere",
    "no such role": "postgresql://nobody:s3cret@127.0.0.1:{port}/{name}",
    "no such setting": "postgresql://postgres@127.0.0.1:{port}/{name}?options=-c%20frobnicate%3D1",
    "no such option": "postgresql://postgres@127.0.0.1:{port}/{name}?options=endpoint%3Dep-1",
    "no such kind of host": "postgresql://postgres@127.0.0.1:{port}/{name}?target_session_attrs=standby",
    "no such socket": "postgresql:///{name}?host=/nowhere&user=postgres",
    "another's certificate": "postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=verify-full&sslrootcert=system",
}


@pytest.mark.parametrize("template", _UNREACHABLE.values(), ids=list(_UNREACHABLE))
async def test_a_url_that_the_server_refuses_is_an_unreachable_database(server: Server, template: str) -> None:
    """The service answers 503, because the caller is not at fault."""
    async with running(create_app(settings_for(server.url(template)))) as app, client_of(app) as client:
        for answer in (
            await client.get("/api/v1/films/1"),
            await client.post("/api/v1/categories", json={"name": "Western"}),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (
                503,
                "The database cannot be reached: try again later.",
            )
        assert (await client.get("/health/ready")).status_code == 503


@pytest.mark.parametrize("case", ["no such database", "no such kind of host"])
def test_a_url_that_the_server_refuses_is_a_one_line_error_at_the_command_line(
    server: Server, case: str, tmp_path: Path
) -> None:
    url = server.url(_UNREACHABLE[case])
    for done in (
        run_module("alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head", cwd=tmp_path, DATABASE_URL=url),
        run("migrate", cwd=tmp_path, DATABASE_URL=url),
        run("seed", cwd=tmp_path, DATABASE_URL=url),
    ):
        assert "The database cannot be used" in done.stderr
        assert (done.returncode != 0, "Traceback" in done.stderr) == (True, False)


@pytest.mark.alone
async def test_a_host_that_is_silent_is_given_up_after_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/x?sslmode=disable&connect_timeout=1"
        async with running(create_app(settings_for(url))) as app, client_of(app) as client:
            started = time.monotonic()
            assert (await client.get("/api/v1/films/1")).status_code == 503
            assert 0.9 < time.monotonic() - started < 4  # five seconds are our own setting's
