"""Bulk writing, once for each database: COPY on Postgres, `executemany` on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import metadata

Row = tuple[object, ...]
T = TypeVar("T")

_SQLITE_CHUNK = 5_000
_LOCK = 0x5EED
"""Number of the advisory lock."""


class Writer(Protocol):
    """Fills tables inside the caller's transaction. Columns that are not named get their defaults."""

    async def begin(self) -> None:
        """Called before anything is read or written: a second seeding waits here for the first to end."""

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert all rows, without ever holding all of them."""

    async def finish(self, tables: Iterable[str]) -> None:
        """Called after the last row: whatever the database needs after ids were given to it."""


class PostgresWriter:
    """COPY through asyncpg, on the connection (and so in the transaction) that SQLAlchemy holds."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        # Also the statement that makes SQLAlchemy send BEGIN: a COPY goes past it and would commit by itself.
        await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        raw = await self._connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.copy_records_to_table(table, records=rows, columns=columns)

    async def finish(self, tables: Iterable[str]) -> None:
        """Move the sequences behind the ids that were given, and tell the planner about the new rows."""
        names = list(tables)
        for name in names:
            key = metadata.tables[name].columns.get(f"{name}_id")
            if key is not None:
                sequence = sa.cast(f"{name}_{key.name}_seq", postgresql.REGCLASS)
                highest = sa.select(sa.func.max(key)).scalar_subquery()
                await self._connection.execute(sa.select(sa.func.setval(sequence, highest)))
        await self._connection.execute(sa.text(f"ANALYZE {', '.join(names)}"))


class SqliteWriter:
    """`executemany` in chunks; SQLite itself continues after the highest id."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        """Nothing: SQLite's writers take turns anyway."""

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        statement = sa.insert(metadata.tables[table])
        for chunk in chunks(rows, _SQLITE_CHUNK):
            values = [dict(zip(columns, row, strict=True)) for row in chunk]
            await self._connection.execute(statement, values)

    async def finish(self, tables: Iterable[str]) -> None:
        """Nothing."""


def writer_for(connection: AsyncConnection) -> Writer:
    """The writer of the connection's database."""
    return PostgresWriter(connection) if connection.dialect.name == "postgresql" else SqliteWriter(connection)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
