"""The measured processes: uvicorn with one worker each, and their databases."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.auth.identity import Scope
from app.core.database.engine import Database
from app.core.database.migrations import upgrade
from app.core.settings import Settings
from app.schemas.auth import ApiKeyCreate
from app.seed.store import seed
from app.services.api_keys import ApiKeyService
from tests.fixtures.callers import SECRET
from tests.fixtures.ports import free_port
from tests.fixtures.postgres_server import create_database, drop_database, postgres_server
from tests.load.client import Request

ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "interview_bench"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Server:
    """A running process that answers HTTP on this port."""

    port: int
    pid: int
    started: float
    """`time.perf_counter()` just before the process was."""

    def fetch(self, request: Request) -> bytes:
        """The body of the answer; raises RuntimeError unless its status is 200."""
        method, _, path = request.line.partition(" ")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, request.content, {**request.headers, "Connection": "close"})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{request.line} answered {response.status}: {answer[:500].decode()}")
        return answer

    @property
    def resident_mb(self) -> float:
        """Memory in use, in megabytes of 10^6 bytes."""
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            kibibytes = status.read_text().partition("VmRSS:")[2].split()[0]
        else:
            command = ["ps", "-o", "rss=", "-p", str(self.pid)]
            kibibytes = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        return int(kibibytes) * 1024 / 1e6


@contextmanager
def sample_store(scale: int = 1) -> Iterator[str]:
    """The URL of a Postgres database with the sample data in it."""
    name = f"{_DATABASE}_{scale}"
    with postgres_server() as maintenance:
        asyncio.run(drop_database(maintenance, name))
        url = asyncio.run(create_database(maintenance, name))
        upgrade(url)
        asyncio.run(_seed(url, scale))
        yield url
        asyncio.run(drop_database(maintenance, name))


async def _seed(url: str, scale: int) -> None:
    database = Database(Settings(database_url=url))
    await seed(database, scale=scale)
    await database.dispose()


def api_key(url: str) -> str:
    """Return a new API key of the store with all scopes."""

    async def create() -> str:
        database = Database(Settings(database_url=url))
        created = await ApiKeyService(database).create(ApiKeyCreate(name="load", scopes=list(Scope)), None)
        await database.dispose()
        return created.key

    return asyncio.run(create())


def seconds_to_load_agents(folder: Path) -> float:
    """Return the processor time that a server takes for it beside its requests."""
    script = (
        "import time, app.main; started = time.process_time(); import app.agents.assistant; "
        "import app.agents.chat_services.clients; print(time.process_time() - started)"
    )
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=folder, env=_environment({}), capture_output=True, check=True, text=True)
    return float(ended.stdout)


@contextmanager
def uvicorn(app: str, folder: Path, **environment: str) -> Iterator[Server]:
    """An ASGI application, with nothing but these variables to configure it; its output goes into `folder`."""
    port = free_port()
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log", "--app-dir", str(ROOT)]
    with python(["-m", "uvicorn", app, *options], folder, port, environment) as server:
        yield server


@contextmanager
def python(arguments: list[str], folder: Path, port: int, environment: dict[str, str]) -> Iterator[Server]:
    """A Python process that listens on this port; stopped at the end."""
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=_environment(environment), stdout=output, stderr=output
        )
    try:
        _wait_until_listening(process, port, log)
        yield Server(port, process.pid, started)
    finally:
        process.terminate()
        process.wait()


def _environment(given: dict[str, str]) -> dict[str, str]:
    """The developer's, without what configures the service or keeps its bytecode from being cached."""
    ours = {name.upper() for name in Settings.model_fields} | {"PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    served = {"UVICORN_HTTP": "app.api.protocol:BoundedHttpProtocol"}  # as deployments are
    return {**kept, **served, "PYTHONPATH": str(ROOT), "SECRET_KEY": SECRET, "RATE_LIMIT_AI": "off", **given}


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()}")
