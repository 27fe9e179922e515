"""The store at the command line: migrate, seed and purge."""

from __future__ import annotations

import argparse

from app.cli.command import Commands, database_errors, integer_between, with_database
from app.core.auth.identity import Scope
from app.core.database.engine import Database
from app.core.database.migrations import upgrade
from app.core.settings import Settings
from app.schemas.auth import ApiKeyCreate
from app.seed.store import seed
from app.services.api_keys import ApiKeyService
from app.services.conversations import purge


def add_commands(commands: Commands) -> None:
    """Add `migrate`, `seed` and `purge`."""
    migrate = commands.add_parser("migrate", help="migrate the database schema to the latest revision")
    migrate.set_defaults(run=_migrate)
    seeding = commands.add_parser("seed", help="fill an empty database with sample data")
    seeding.add_argument(
        "--scale", type=integer_between(1), default=1, help="size as a multiple of Pagila (default: %(default)s)"
    )
    seeding.set_defaults(run=_seed)
    purging = commands.add_parser("purge", help="delete conversations that had no turn for CONVERSATION_DAYS")
    purging.set_defaults(run=_purge)


def prepare_sample_store(settings: Settings) -> None:
    """Migrate the database, seed it if it has no films, and print a new API key for it."""
    migrate(settings)

    async def prepare(database: Database) -> str:
        print(await seed(database, progress=print))
        # Replaces the key of this name: its secret is not stored, so it cannot be printed again.
        command = ApiKeyCreate(name="sample store", scopes=list(Scope))
        return (await ApiKeyService(database).replace(command)).key

    key = with_database(settings, prepare)
    print(f"API key of this store, valid until the next start:\n\n  export KEY={key}\n")


def migrate(settings: Settings) -> None:
    """Migrate the database schema to the latest revision."""
    print("Migrating the database ...")
    with database_errors():
        upgrade(settings.database_url)


def _migrate(settings: Settings, _options: argparse.Namespace) -> None:
    migrate(settings)


def _seed(settings: Settings, options: argparse.Namespace) -> None:
    print(with_database(settings, lambda database: seed(database, scale=options.scale, progress=print)))


def _purge(settings: Settings, _options: argparse.Namespace) -> None:
    deleted = with_database(settings, lambda database: purge(settings, database))
    print(f"Deleted {deleted} conversation{'' if deleted == 1 else 's'}.")
