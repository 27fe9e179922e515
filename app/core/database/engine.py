"""The engine, its connection pool, and who opens and ends a transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.database.connections import connect
from app.core.database.driver_errors import app_error_from, is_connection_error, is_retryable, sqlstate_of
from app.core.database.pool_turns import PooledConnection, PoolTurns, WhollyOpenedConnection
from app.core.database.sequences import sequence_of, violated_key
from app.core.database.url import NOTHING_PREPARED, Target, target_of
from app.core.errors import AlreadyExists, sequence_behind, store_busy
from app.core.settings import Settings
from app.core.similarity import similarity

log = logging.getLogger("app.database")

T = TypeVar("T")

ReadConnectionFactory = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a connection for reading, for work outside a request."""

_ATTEMPTS = 4
_PAUSE = 0.02
"""Seconds before the second attempt; longer before each further one."""


class Database:
    """One process's database: a pool, and the two ways of using it.

    Reading is autocommit: no BEGIN before and no ROLLBACK after a query, which would be two round trips for nothing.
    Both hand out Core connections, for a session's identity map costs as much as a query and nobody here needs one.
    Nothing connects before the first query. Nobody overtakes those who wait for a connection (see `PoolTurns`).
    """

    def __init__(self, settings: Settings) -> None:
        target = target_of(settings.database_url)
        if target.dropped:
            log.warning("database_url_parameters_ignored: %s", ", ".join(target.dropped))
        options = _engine_options(target, settings)
        self.engine = create_async_engine(target.url, **options)
        self._turns = PoolTurns(options["pool_size"] + options["max_overflow"], options["pool_timeout"])
        self._is_sqlite = target.url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
        else:
            event.listen(self.engine.sync_engine, "do_execute", _execute)
        self._autocommit: AsyncEngine = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading only."""
        pooled = WhollyOpenedConnection if self._is_sqlite else PooledConnection
        return pooled(self._autocommit.connect(), self._turns)

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work` in a transaction: committed when it returns, rolled back on any exception.

        `work` is done again when the database asks for that, so its effects must be in the database alone. Raises
        what the database refused as one of our errors (see `app_error_from`), Unavailable when it stays too busy.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.writing() as connection:
                    return await work(connection)
            except DBAPIError as error:
                if not is_retryable(error):
                    raise await self._refused(error) from error
            await asyncio.sleep(_PAUSE * attempt)
        raise store_busy()

    async def _refused(self, error: DBAPIError) -> Exception:
        """What to raise in place of a driver's error: one of ours where the database refused, else the same."""
        refused = app_error_from(error) or error
        if isinstance(refused, AlreadyExists) and (key := violated_key(error)):
            async with self.reading() as connection:
                sequence = await sequence_of(connection, key)
            if sequence is not None:
                log.error("sequence_behind: %s of table %s gives numbers that its rows have", sequence, key.table)
                return sequence_behind()
        return refused

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """The one owner of a transaction, for work that cannot be done twice: errors come as the driver raised them."""
        async with PooledConnection(self.engine.connect(), self._turns) as connection, connection.begin():
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

    Told by SQLSTATE: class 08 (connection), 28 (login), 3D (no such database), 53 (resources), 57P (shutdown), and
    any that refuses to connect, as for an unknown parameter; without one, by how the driver failed.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, (OSError, PoolTimeout))
    if sqlstate := sqlstate_of(error):
        return sqlstate[:2] in {"08", "28", "3D", "53"} or sqlstate.startswith("57P") or is_connection_error(error)
    return error.connection_invalidated or isinstance(error, InterfaceError) or is_connection_error(error)


def _execute(cursor: DBAPICursor, statement: str, parameters: Any, context: ExecutionContext) -> bool:  # noqa: ANN401
    """Execute, and once more where the schema has changed since the statement was prepared.

    Within a transaction, which the error has ended, `Database.transaction` begins anew instead.
    """
    dialect = context.dialect
    stale: type[Exception] = dialect.loaded_dbapi.InvalidCachedStatementError
    try:
        dialect.do_execute(cursor, statement, parameters, context)
    except stale as error:
        if context.execution_options.get("isolation_level") != "AUTOCOMMIT":
            raise
        context.handle_dbapi_exception(error)  # forgets what is prepared and
        context.pre_exec()  # tells the cursor
        dialect.do_execute(cursor, statement, parameters, context)
    return True


def _engine_options(target: Target, settings: Settings) -> dict[str, Any]:
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
        "connect_args": {"timeout": settings.database_connect_timeout, **target.connect_args},
    }
    if target.url.get_backend_name() != "sqlite":
        # Whatever the database's default is: work that locks a row and then looks around must see what others did.
        options["isolation_level"] = "READ COMMITTED"
        options["connect_args"] |= _postgres_arguments(target, settings)
    elif target.url.database in (None, "", ":memory:"):
        # An in-memory database lives in its one connection: connections take turns on it.
        options |= {"pool_size": 1, "max_overflow": 0, "pool_recycle": -1, "pool_timeout": 30}
    return options


def _postgres_arguments(target: Target, settings: Settings) -> dict[str, Any]:
    given = target.connect_args.get("server_settings", {})
    server_settings = {"application_name": settings.database_application_name, **given, "TimeZone": "UTC"}
    # PgBouncer may run the next transaction on another server connection: nothing may stay behind on this one.
    pooler = NOTHING_PREPARED if settings.database_pooler == "pgbouncer" else {}
    return {"server_settings": server_settings, "async_creator_fn": connect, **pooler}


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
