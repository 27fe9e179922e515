"""Bulk writers for both databases: COPY on Postgres, `executemany` on SQLite."""

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
"""Key of the advisory lock."""


class Writer(Protocol):
    """Fills tables in the caller's transaction. Columns without a value get their defaults."""

    async def begin(self) -> None:
        """Wait until another seeding has ended. Call it before any read or write."""

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert all rows in chunks, so that memory use stays constant."""

    async def finish(self, tables: Iterable[str]) -> None:
        """Update sequences and statistics after the last row, where the database needs that."""


class PostgresWriter:
    """Writes with asyncpg's COPY, on SQLAlchemy's connection and so in its transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        # This statement also makes SQLAlchemy send BEGIN. COPY bypasses SQLAlchemy and would commit without it.
        await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        raw = await self._connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.copy_records_to_table(table, records=rows, columns=columns)

    async def finish(self, tables: Iterable[str]) -> None:
        """Set the sequences to the highest ids, and update the planner's statistics."""
        names = list(tables)
        for name in names:
            key = metadata.tables[name].columns.get(f"{name}_id")
            if key is not None:
                sequence = sa.cast(f"{name}_{key.name}_seq", postgresql.REGCLASS)
                highest = sa.select(sa.func.max(key)).scalar_subquery()
                await self._connection.execute(sa.select(sa.func.setval(sequence, highest)))
        await self._connection.execute(sa.text(f"ANALYZE {', '.join(names)}"))


class SqliteWriter:
    """Writes with `executemany` in chunks."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        """Do nothing: SQLite allows one writer at a time."""

    async def write(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        statement = sa.insert(metadata.tables[table])
        for chunk in chunks(rows, _SQLITE_CHUNK):
            values = [dict(zip(columns, row, strict=True)) for row in chunk]
            await self._connection.execute(statement, values)

    async def finish(self, tables: Iterable[str]) -> None:
        """Do nothing: SQLite continues after the highest id by itself."""


def writer_for(connection: AsyncConnection) -> Writer:
    """Return the writer for the connection's database."""
    return PostgresWriter(connection) if connection.dialect.name == "postgresql" else SqliteWriter(connection)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
