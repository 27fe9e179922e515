"""The health check of the Dockerfile, with a service that the entrypoint started."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.fixtures.entrypoint import ROOT, started
from tests.fixtures.ports import free_port

pytestmark = pytest.mark.servers

DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
_SECONDS = 60.0


async def checked(**variables: str) -> int:
    """Return the exit status of HEALTHCHECK's command with these variables."""
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    python, *arguments = json.loads(command)
    assert python == "python"
    environment = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:1", **variables}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, env=environment)
    return await process.wait()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.2", "::1", "localhost"])
async def test_the_health_check_uses_the_address_of_the_service(tmp_path: Path, host: str) -> None:
    async with started(tmp_path, HOST=host, DATABASE_URL="sqlite:///store.db") as service:
        deadline = time.monotonic() + _SECONDS
        while (status := await checked(HOST=host, APP_PORT=str(service.port))) and time.monotonic() < deadline:
            assert service.process.returncode is None, service.log
        assert status == 0, service.log
        assert await service.stop() == 0
        assert await checked(HOST=host, APP_PORT=str(service.port)) == 1


async def test_a_server_that_answers_something_else_is_not_healthy() -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    port = free_port()
    async with await asyncio.start_server(refuse, "127.0.0.1", port):
        assert await checked(HOST="127.0.0.1", APP_PORT=str(port)) == 1


async def test_unset_variables_are_the_entrypoints_own() -> None:
    """An empty one counts as unset there, and APP_PORT is not 8000 by accident."""
    assert await checked(HOST="", APP_PORT=str(free_port())) == 1
