"""docker/entrypoint.sh: the service that it starts, and a debugger that attaches as an editor does."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Coroutine
from pathlib import Path

import httpx
import pytest

from app.core.database.engine import Database
from tests.conftest import fill, settings_for
from tests.fakes.debug_client import DebugClient, Mapped, connected
from tests.fixtures.entrypoint import ENTRYPOINT, ROOT, Service, environment, listens, started

pytestmark = pytest.mark.servers

ROUTE = Path("app/api/v1/films.py")
PLUGIN = Path("plugins/film_search/film_search_plugin.py")
WORKSPACE = Path("/somebody/elses/checkout")
"""The editor's folder for the files that the service has in ROOT, as with a container."""

Asking = Coroutine[None, None, httpx.Response]


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a sample store that these tests only read."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('debugged')}/store.db"
    database = Database(settings_for(url))
    await fill(database)
    await database.dispose()
    return url


@pytest.mark.alone
@pytest.mark.debugger
@pytest.mark.timeout(240)
async def test_a_debugger_attaches_to_the_running_service_and_again(store: str, tmp_path: Path) -> None:
    async with started(tmp_path, DATABASE_URL=store, DEBUG_MODE="TRUE", WEB_CONCURRENCY="3") as service:
        await service.ready()
        async with connected(service.debug_port) as debugger:
            await debugger.attach(_breakpoints(ROOT))
            await _stops_in_the_route(service, debugger, ROOT)
            await _stops_in_the_plugin(service, debugger, ROOT)
            await debugger.disconnect()
        assert (await service.http.get("/api/v1/films/2")).status_code == 200, "it stops with no debugger attached"
        async with connected(service.debug_port) as debugger:
            await debugger.attach(_breakpoints(WORKSPACE), mapped=Mapped(WORKSPACE, ROOT))
            await _stops_in_the_route(service, debugger, WORKSPACE)
            await _stops_in_the_plugin(service, debugger, WORKSPACE)
            await debugger.disconnect()
        assert await service.stop() == 0
        assert "no reload" in service.log
        assert "WEB_CONCURRENCY=3 is ignored" in service.log


@pytest.mark.alone
@pytest.mark.debugger
@pytest.mark.timeout(240)
async def test_the_service_waits_for_a_debugger(store: str, tmp_path: Path) -> None:
    variables = {"DATABASE_URL": store, "DEBUG_MODE": "on", "DEBUG_WAIT": "Yes", "PYTHONPROFILEIMPORTTIME": "1"}
    async with started(tmp_path, **variables) as service:
        async with connected(service.debug_port) as debugger:
            # A service that did not wait would import its server within half a second, and serve some seconds later.
            await asyncio.sleep(2)
            assert "uvicorn" not in service.log
            assert not listens(service.port)
            await debugger.attach(_breakpoints(WORKSPACE), mapped=Mapped(WORKSPACE, ROOT))
            await service.ready()
            assert "uvicorn" in service.log
            await _stops_in_the_route(service, debugger, WORKSPACE)
            await _stops_in_the_plugin(service, debugger, WORKSPACE)
            await debugger.disconnect()
        async with connected(service.debug_port) as debugger:
            await debugger.attach(_breakpoints(WORKSPACE), mapped=Mapped(WORKSPACE, ROOT))
            await _stops_in_the_route(service, debugger, WORKSPACE)
            await debugger.disconnect()
        assert await service.stop() == 0


async def test_without_debugging_it_prepares_a_store_and_serves_it(tmp_path: Path) -> None:
    variables = {"DATABASE_URL": f"sqlite:///{tmp_path}/store.db", "RUN_MIGRATIONS": "1", "SEED_SAMPLE_DATA": "True"}
    async with started(tmp_path, DEBUG_MODE="no", **variables) as service:
        await service.ready()
        film = await service.http.get("/api/v1/films/1")
        assert (film.status_code, film.json()["id"]) == (200, 1)
        assert "server" not in film.headers
        assert not listens(service.debug_port)
        assert await service.stop() == 0


def test_arguments_are_run_as_a_command(tmp_path: Path) -> None:
    result = _run(tmp_path, "python", "-c", "import sys; print('instead'); sys.exit(7)", DEBUG_MODE="true")
    assert (result.returncode, result.stdout, result.stderr) == (7, "instead\n", "")


def test_debugging_without_debugpy_says_what_to_build(tmp_path: Path) -> None:
    result = _run(tmp_path, options="-S", DEBUG_MODE="true", RUN_MIGRATIONS="true")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: DEBUG_MODE needs debugpy")
    assert "DOCKER_TARGET=debug" in result.stderr


def test_a_store_that_cannot_be_migrated_is_not_served(tmp_path: Path) -> None:
    result = _run(tmp_path, DATABASE_URL="postgresql://127.0.0.1:1/none", RUN_MIGRATIONS="on")
    assert result.returncode == 1
    assert "The database cannot be used" in result.stderr
    assert "uvicorn" not in result.stderr


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"DEBUG_PORT": "abc"}, "DEBUG_PORT must be a number from 1 to 65535, not 'abc'."),
        ({"APP_PORT": "65536"}, "APP_PORT must be a number from 1 to 65535, not '65536'."),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY must be a number from 1 to 1000, not '0'."),
        ({"DEBUG_MODE": "maybe"}, "DEBUG_MODE must be true or false, not 'maybe'."),
        ({"DEBUG_MODE": "yes", "APP_PORT": "5678"}, "APP_PORT and DEBUG_PORT are both 5678."),
    ],
)
def test_an_invalid_variable_is_a_one_line_error(tmp_path: Path, variables: dict[str, str], says: str) -> None:
    result = _run(tmp_path, **variables)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"Error: {says}\n")


def test_an_error_that_stops_workers_is_reported_once_before_migrating(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    result = _run(tmp_path, WEB_CONCURRENCY="2", DATABASE_URL=store, RUN_MIGRATIONS="true")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == "Error: Several workers need the same SECRET_KEY: set a random key of at least 32 bytes.\n"
    assert not (tmp_path / "store.db").exists()


def _run(folder: Path, *command: str, options: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ENTRYPOINT, *command],
        cwd=folder,
        env=environment(folder, options=options, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _breakpoints(root: Path) -> dict[Path, list[int]]:
    return {
        root / ROUTE: [_line(ROUTE, "await films.get(film_id)")],
        root / PLUGIN: [_line(PLUGIN, "MentionRepository(connection).find(asked)")],
    }


def _line(path: Path, text: str) -> int:
    lines = (ROOT / path).read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


async def _stops_in_the_route(service: Service, debugger: DebugClient, root: Path) -> None:
    asking = service.http.get("/api/v1/films/2")
    response = await _stops(asking, debugger, at=(root / ROUTE, "get_film"), variable=("film_id", "2"))
    assert (response.status_code, response.json()["id"]) == (200, 2)


async def _stops_in_the_plugin(service: Service, debugger: DebugClient, root: Path) -> None:
    question = "Do you have the film Alien?"
    asking = service.http.post("/api/v1/ai/handoff", json={"question": question})
    response = await _stops(asking, debugger, at=(root / PLUGIN, "find_mentions"), variable=("asked", f"'{question}'"))
    assert response.status_code == 200
    assert "Alien (1979)" in response.json()["answer"]


async def _stops(
    asking: Asking, debugger: DebugClient, *, at: tuple[Path, str], variable: tuple[str, str]
) -> httpx.Response:
    """Return the response, after the debugger has stopped, seen this value and continued the service."""
    answer = asyncio.create_task(asking)
    try:
        stop = await debugger.stopped()
        assert (stop.path, stop.function) == (str(at[0]), at[1])
        name, value = variable
        assert (await debugger.variables(stop))[name] == value
        assert not answer.done()
        await debugger.proceed(stop)
        return await answer
    finally:
        answer.cancel()
