"""The engine, its connection pool, and who opens and ends a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.errors import store_busy
from app.core.refusals import refusal, sqlstate_of
from app.core.settings import Settings
from app.core.similarity import similarity

T = TypeVar("T")

Reading = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a connection for reading: what those get who read outside a request."""

_ATTEMPTS = 4
_PAUSE = 0.02
"""Seconds before the second attempt; longer before each further one."""
_TRY_AGAIN = {"40001", "40P01"}
"""Serialization failure and deadlock: the same transaction may well succeed next time."""


class Database:
    """One process's database: a pool, and the two ways of using it.

    Reading is autocommit: no BEGIN before and no ROLLBACK after a query, which would be two round trips for nothing.
    Both hand out Core connections, for a session's identity map costs as much as a query and nobody here needs one.
    Nothing connects before the first query.
    """

    def __init__(self, settings: Settings) -> None:
        url = make_url(settings.database_url)
        self.engine = create_async_engine(url, **_engine_options(url, settings))
        self._is_sqlite = url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
        self._autocommit: AsyncEngine = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading only."""
        return self._autocommit.connect()

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work` in a transaction: committed when it returns, rolled back on any exception.

        `work` is done again when the database asks for that, so its effects must be in the database alone. Raises
        what the database refused as one of our errors (see `refusal`), Unavailable when it stays too busy.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.writing() as connection:
                    return await work(connection)
            except DBAPIError as error:
                if refused := refusal(error):
                    raise refused from error
                if sqlstate_of(error) not in _TRY_AGAIN:
                    raise
            await asyncio.sleep(_PAUSE * attempt)
        raise store_busy()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """The one owner of a transaction, for work that cannot be done twice: errors come as the driver raised them."""
        async with self.engine.begin() as connection:
            if self._is_sqlite:
                await _take_turns(connection)
            yield connection

    async def dispose(self) -> None:
        """Close every connection. aiosqlite's threads keep a process alive until then."""
        await self.engine.dispose()


async def _take_turns(connection: AsyncConnection) -> None:
    """SQLite has one writer at a time: wait for our turn now, for a reader that begins to write later may fail."""
    try:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        raise store_busy() from error


def is_unreachable(error: BaseException) -> bool:
    """Whether the database is away, as opposed to having refused what it was asked.

    Told by SQLSTATE: class 08 (connection), 53 (resources), 57P (shutdown); without one, by how the driver failed.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, (OSError, PoolTimeout))
    if sqlstate := sqlstate_of(error):
        return sqlstate[:2] in {"08", "53"} or sqlstate.startswith("57P")
    return error.connection_invalidated or isinstance(error, InterfaceError)


def _engine_options(url: URL, settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        # Neither logs nor tracebacks are for what people have written, nor for hashes of what they sign in with.
        "hide_parameters": True,
        "poolclass": AsyncAdaptedQueuePool,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_max_overflow,
        "pool_timeout": settings.database_pool_timeout,
        "pool_recycle": settings.database_pool_recycle,
        "pool_pre_ping": settings.database_pool_pre_ping,
        "pool_use_lifo": True,
    }
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            # An in-memory database lives in its one connection: connections take turns on it.
            options |= {"pool_size": 1, "max_overflow": 0, "pool_recycle": -1, "pool_timeout": 30}
        options["connect_args"] = {"timeout": settings.database_connect_timeout}
    else:
        # Whatever the database's default is: work that locks a row and then looks around must see what others did.
        options["isolation_level"] = "READ COMMITTED"
        options["connect_args"] = {
            "timeout": settings.database_connect_timeout,
            "server_settings": {"application_name": settings.database_application_name},
        }
        if settings.database_pooler == "pgbouncer":
            # The next transaction may be on another server connection. Without SQLAlchemy's cache and asyncpg's own,
            # statements have no name, are parsed anew with each execution, and nothing of them stays behind.
            options["connect_args"] |= {"prepared_statement_cache_size": 0, "statement_cache_size": 0}
    return options


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  a DBAPI connection has no type
    """What Postgres does: foreign keys, readers beside a writer, lower case of every letter, pg_trgm's `similarity`."""
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)
    connection.create_function("similarity", 2, similarity, deterministic=True)


def _lower(text: str | None) -> str | None:
    """SQLite's own knows ASCII alone."""
    return None if text is None else str(text).lower()
