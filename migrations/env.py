"""Alembic's environment, run by each of its commands. It finds the database, and lets one process migrate at a time.

The database is the first of these that is set: the connection in `config.attributes["connection"]`,
`alembic -x url=...`, the option `sqlalchemy.url`, DATABASE_URL.
"""

from __future__ import annotations

import asyncio
from logging.config import fileConfig
from typing import Any

from alembic import context
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy import Column, Connection, ForeignKeyConstraint
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import SchemaItem

from app.core.database.driver_errors import database_unusable
from app.core.database.engine import Database
from app.core.settings import Settings, get_settings, in_sentences
from app.models import metadata
from migrations.adoption import PAGILA, is_adopted

_ONE_AT_A_TIME = {
    # Several replicas may start at once: all but the first wait here, and then have nothing to migrate.
    "postgresql": "SELECT pg_advisory_xact_lock(7213093415881174029)",
    # It also begins a transaction, which sqlite3 does not do before DDL.
    "sqlite": "BEGIN IMMEDIATE",
}

# These exist only in databases with the extension pg_trgm, so the models do not declare them.
_CONDITIONAL_INDEXES = {"idx_film_title_trgm", "idx_customer_search_trgm", "idx_actor_name_trgm"}


def _include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Compare only the service's tables: ignore Pagila's partitions and all other tables."""
    if kind == "table":
        return name in metadata.tables
    return not (kind == "index" and name in _CONDITIONAL_INDEXES)


def _include_object(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, counterpart: SchemaItem | None
) -> bool:
    """Compare only what the models declare, and never propose to drop other objects of a database.

    An adopted Pagila database keeps the columns and foreign keys of its release; adoption has checked the columns.
    Pagila declares payment's foreign keys on the partitions, the models declare them on the table.
    """
    if reflected and counterpart is None:
        return False
    adopted = context.config.attributes.get("adopted", False)
    if isinstance(item, ForeignKeyConstraint):
        return item.table.name != "payment" and not (adopted and item.table.name in PAGILA)
    if isinstance(item, Column) and adopted and counterpart is not None:
        return name not in PAGILA.get(item.table.name, {})
    return True


_OPTIONS: dict[str, Any] = {
    "target_metadata": metadata,
    "include_name": _include_name,
    "include_object": _include_object,
    "compare_server_default": True,
    "transactional_ddl": True,
}


def _settings() -> Settings:
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    try:
        return Settings(database_url=url) if url else get_settings()
    except ValidationError as error:
        # Alembic's command line prints a CommandError in one line, other exceptions with a traceback.
        raise CommandError(in_sentences(error)) from error


def _write_sql() -> None:
    url = _settings().database_url
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **_OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def _migrate(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(connection=connection, render_as_batch=is_sqlite, **_OPTIONS)
    with context.begin_transaction():
        connection.exec_driver_sql(_ONE_AT_A_TIME[connection.dialect.name])
        context.config.attributes["adopted"] = is_adopted(connection)
        context.run_migrations()


async def _connected(database: Database) -> AsyncConnection:
    connection = database.engine.connect()
    try:
        return await connection.start()
    except (SQLAlchemyError, OSError) as error:
        raise CommandError(database_unusable(error)) from error


async def _connect_and_migrate() -> None:
    database = Database(_settings())
    try:
        connection = await _connected(database)
        try:
            await connection.run_sync(_migrate)
        finally:
            await connection.close()
    finally:
        await database.dispose()


if context.config.config_file_name is not None:
    # Only for Alembic's own command line: the service has configured logging already.
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    _write_sql()
elif "connection" in context.config.attributes:
    _migrate(context.config.attributes["connection"])
else:
    asyncio.run(_connect_and_migrate())
