"""The engine, its connection pool, and who opens and ends a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.core.settings import Settings
from app.core.similarity import similarity

SessionFactory = async_sessionmaker[AsyncSession]


class Database:
    """One process's database: a pool, and two session factories on it.

    Reading sessions run in autocommit: no BEGIN before and no ROLLBACK after a query, which would be two round trips
    for nothing. Nothing connects before the first query.
    """

    def __init__(self, settings: Settings) -> None:
        url = make_url(settings.database_url)
        self.engine = create_async_engine(url, **_engine_options(url, settings))
        if url.get_backend_name() == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
        self.sessions: SessionFactory = async_sessionmaker(self.engine, expire_on_commit=False)
        reading: AsyncEngine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.read_sessions: SessionFactory = async_sessionmaker(reading, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """The one owner of a transaction: commits at the end, rolls back on any exception."""
        async with self.sessions() as session, session.begin():
            yield session

    async def dispose(self) -> None:
        """Close every connection. aiosqlite's threads keep a process alive until then."""
        await self.engine.dispose()


def is_unreachable(error: BaseException) -> bool:
    """Whether the database is away, as opposed to having refused what it was asked.

    Told by SQLSTATE: class 08 (connection), 53 (resources), 57P (shutdown); without one, by how the driver failed.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, (OSError, PoolTimeout))
    sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
    if sqlstate:
        return sqlstate[:2] in {"08", "53"} or sqlstate.startswith("57P")
    return error.connection_invalidated or isinstance(error, InterfaceError)


def _engine_options(url: URL, settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
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
            # An in-memory database lives in its one connection: sessions take turns on it.
            options |= {"pool_size": 1, "max_overflow": 0, "pool_recycle": -1, "pool_timeout": 30}
        options["connect_args"] = {"timeout": settings.database_connect_timeout}
    else:
        options["connect_args"] = {
            "timeout": settings.database_connect_timeout,
            "server_settings": {"application_name": settings.database_application_name},
        }
    return options


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  a DBAPI connection has no type
    """What Postgres does by itself: foreign keys, readers beside a writer, and pg_trgm's `similarity`."""
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("similarity", 2, similarity, deterministic=True)
