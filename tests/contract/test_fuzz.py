"""Fuzzing: requests that OpenAPI allows, and others, sent to every operation over a socket."""

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
"""A fixed seed in ordinary runs, random seeds in longer ones."""
STORES = ON_BOTH if LONGER else ON_BOTH[-1:]
"""Only Postgres, the stricter database, in ordinary runs; both in longer ones."""


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
