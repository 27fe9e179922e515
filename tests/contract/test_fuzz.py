"""Everything that OpenAPI allows, and much that it does not, sent to every operation over a socket."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.conftest import ON_BOTH
from tests.fixtures.callers import ADMIN, token_of
from tests.fixtures.served import served

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ROOT = CONFIGURATION.parents[2]
LONGER = os.environ.get("FUZZ_EXAMPLES")
EFFORT = ["--max-examples", LONGER] if LONGER else ["--max-examples", "4", "--generation-deterministic"]
"""The same requests whenever the tests run; others each time when it may take longer."""
STORES = ON_BOTH if LONGER else ON_BOTH[-1:]
"""Postgres alone when the tests run, which refuses more than SQLite; both when it may take longer."""


@pytest.mark.fuzz
@pytest.mark.parametrize("server", STORES, indirect=True, scope="module")
@pytest.mark.timeout(0 if LONGER else 600)
async def test_schemathesis_finds_nothing(own_app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")  # thousands of requests are no help in finding one
    async with served(own_app, lifespan="off") as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", f"{url}/openapi.json", *EFFORT, "--header", f"Authorization: Bearer {token_of(ADMIN)}"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    report = output.decode()
    assert process.returncode == 0, report
    selected, total, tested = re.findall(r"(\d+) selected / (\d+) total.*Tested: +(\d+)", report, re.DOTALL)[0]
    assert selected == total == tested
