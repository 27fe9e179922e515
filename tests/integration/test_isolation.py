"""How connections to Postgres work whatever the server's defaults are: reads one by one, writes at READ COMMITTED."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db import Database
from tests.conftest import settings_for
from tests.fixtures.postgres_server import create_database, drop_database, run_script

pytestmark = pytest.mark.postgres
NAME = "serializable_store"
BEGUN, ISOLATION = sa.text("SELECT transaction_timestamp()"), sa.text("SHOW transaction_isolation")


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    """One connection to a database whose transactions are serializable by default."""
    url = await create_database(postgres, NAME)
    await run_script(url, f"ALTER DATABASE {NAME} SET default_transaction_isolation TO 'serializable'")
    opened = Database(settings_for(url, database_pool_size=1, database_max_overflow=0))
    yield opened
    await opened.dispose()
    await drop_database(postgres, NAME)


async def isolation(connection: AsyncConnection) -> str:
    return str(await connection.scalar(ISOLATION))


async def reads_are_transactions_of_their_own(database: Database) -> bool:
    async with database.reading() as connection:
        return bool(await connection.scalar(BEGUN) != await connection.scalar(BEGUN))


async def test_a_transaction_sees_what_others_have_committed(database: Database) -> None:
    assert await database.transaction(isolation) == "read committed"


async def test_the_same_connection_reads_and_writes_by_turns(database: Database) -> None:
    for _ in range(2):
        assert await reads_are_transactions_of_their_own(database)
        assert await database.transaction(isolation) == "read committed"


async def test_a_connection_whose_transaction_failed_reads_as_before(database: Database) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("CREATE TABLE undone (id integer)"))
        raise LookupError

    with pytest.raises(LookupError):
        await database.transaction(fail)
    assert await reads_are_transactions_of_their_own(database)
    async with database.reading() as connection:
        assert await connection.scalar(sa.text("SELECT to_regclass('undone')")) is None
