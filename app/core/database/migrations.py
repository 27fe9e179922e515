"""Which schema revision the code wants, which one a database is at, and the way from one to the other.

Importing this module imports Alembic: only what migrates or checks readiness should.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

_MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


def alembic_config(url: str | None = None) -> Config:
    """Alembic's configuration for a database: `url`, else the one in Settings. Does not depend on the cwd."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", _escaped(str(_MIGRATIONS)))
    if url is not None:
        config.set_main_option("sqlalchemy.url", _escaped(url))
    return config


@lru_cache
def head_revision() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {_MIGRATIONS}")
    return head


async def current_revision(connection: AsyncConnection) -> str | None:
    """The revision that the database is at; None when it was never migrated."""
    return await connection.run_sync(_read_revision)


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database up to a revision. Blocks: from async code call it in a thread."""
    command.upgrade(alembic_config(url), revision)


def _read_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _escaped(value: str) -> str:
    """Configuration files interpolate %, and passwords in URLs contain it."""
    return value.replace("%", "%%")
