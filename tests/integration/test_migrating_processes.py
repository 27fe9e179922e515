"""Migrations from several processes at once, and with Alembic's own command."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.database.migrations import head_revision
from tests.fixtures.postgres_server import connect
from tests.fixtures.schema_probes import revision_of, tables_of, upgrade

pytestmark = pytest.mark.servers

_REPOSITORY = Path(__file__).parents[2]
_ENVIRONMENT = os.environ | {"PYTHONPATH": str(_REPOSITORY)}

# Waits until all are there: importing takes longer than migrating, and they are to start together.
_REPLICA = """
import sys
from app.core.database.migrations import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(sys.argv[1])
"""


async def test_replicas_that_start_at_once_all_succeed(empty_database: str) -> None:
    outcomes = await asyncio.to_thread(_migrate_at_once, empty_database, 3)
    assert outcomes == [(0, "")] * 3
    assert await revision_of(empty_database) == head_revision()


async def test_alembics_own_command_works_from_any_folder(empty_database: str, tmp_path: Path) -> None:
    arguments = ["-c", str(_REPOSITORY / "alembic.ini"), "-x", f"url={empty_database}", "upgrade", "head"]
    done = await asyncio.to_thread(_run_alembic, arguments, tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert await revision_of(empty_database) == head_revision()


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str) -> None:
    async with connect(empty_database) as connection:
        await connection.execute(text("CREATE TABLE idempotency_key (id integer)"))
    with pytest.raises(DBAPIError, match="idempotency_key"):
        await upgrade(empty_database)
    assert await tables_of(empty_database) == {"idempotency_key"}


def _migrate_at_once(url: str, replicas: int) -> list[tuple[int, str]]:
    """Migrate in several processes; return the exit status and errors of each."""
    processes = [_start_replica(url) for _ in range(replicas)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    complaints = [process.communicate()[1] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, complaints, strict=True)]


def _start_replica(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _REPLICA, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT,
    )


def _run_alembic(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
