"""Schema revisions: the one that the code requires, the one of a database, and the upgrade.

Importing this module imports Alembic, so import it only to migrate or to check readiness.
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
    """Return Alembic's configuration for the database `url`, by default that of Settings. Works in any folder."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", _escaped(str(_MIGRATIONS)))
    if url is not None:
        config.set_main_option("sqlalchemy.url", _escaped(url))
    return config


@lru_cache
def head_revision() -> str:
    """Return the revision that this code requires."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {_MIGRATIONS}")
    return head


async def current_revision(connection: AsyncConnection) -> str | None:
    """Return the revision of the database, or None if it was never migrated."""
    return await connection.run_sync(_read_revision)


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade the database to a revision. Blocks: call it in a thread from async code."""
    command.upgrade(alembic_config(url), revision)


def _read_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _escaped(value: str) -> str:
    """Escape %, which configuration files interpolate and URLs contain."""
    return value.replace("%", "%%")
