"""Databases for tests of the schema: empty ones on SQLite and Postgres, and Pagila."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from tests.fixtures.postgres_server import create_database, drop_database, run_script

_numbers = count(1)


@pytest.fixture
async def empty_postgres(postgres: str) -> AsyncIterator[str]:
    """A separate empty database for each test."""
    name = f"test_empty_{next(_numbers)}"
    yield await create_database(postgres, name)
    await drop_database(postgres, name)


@pytest.fixture
async def second_postgres(postgres: str) -> AsyncIterator[str]:
    """A second empty database, for comparison."""
    name = f"test_second_{next(_numbers)}"
    yield await create_database(postgres, name)
    await drop_database(postgres, name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The test runs twice: on SQLite and on Postgres."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("empty_postgres")
    return url


@pytest.fixture(scope="session")
def pagila_script() -> str:
    """Pagila's dump in small, as its users restore it."""
    return (Path(__file__).parents[1] / "fixtures" / "pagila.sql").read_text()


@pytest.fixture(scope="session")
async def pagila_template(postgres: str, pagila_script: str) -> AsyncIterator[str]:
    """The name of a Pagila database that was never migrated."""
    name = "test_pagila_template"
    url = await create_database(postgres, name)
    await run_script(url, pagila_script)
    yield name
    await drop_database(postgres, name)


@pytest.fixture
async def pagila(postgres: str, pagila_template: str) -> AsyncIterator[str]:
    """A copy of the Pagila database for each test."""
    name = f"test_pagila_{next(_numbers)}"
    yield await create_database(postgres, name, template=pagila_template)
    await drop_database(postgres, name)
