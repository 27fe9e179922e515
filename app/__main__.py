"""The command line: python -m app serve | migrate | seed | purge | create-user | update-user | create-api-key"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from math import ceil

import uvicorn
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.account_commands import add_account_commands
from app.core.db import Database
from app.core.errors import AppError
from app.core.identity import Scope
from app.core.logging import configure_logging
from app.core.refusals import unusable
from app.core.schema import upgrade
from app.core.settings import EMBEDDED_DATABASE_URL, Settings, UnreadableEnvFile, get_settings, in_sentences
from app.schemas.auth import ApiKeyCreate
from app.seed.store import seed
from app.services.api_keys import ApiKeyService
from app.services.conversations import purge


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(embedded=options.embedded)
    except (ValidationError, UnreadableEnvFile) as error:
        return _fail(in_sentences(error))
    if options.command == "serve" and (problem := settings.worker_problem(several=False)):
        return _fail(problem)
    configure_logging(settings)
    try:
        if options.command == "migrate" or (options.command == "serve" and options.sample):
            print("Migrating the database ...")
            upgrade(settings.database_url)
        if options.command == "seed" or (options.command == "serve" and options.sample):
            asyncio.run(_seed(settings, options))
        if "run" in options:
            asyncio.run(_run(settings, options))
    except (AppError, CommandError) as error:
        return _fail(str(error))
    except ValidationError as error:
        return _fail(in_sentences(error, str))
    except (SQLAlchemyError, OSError) as error:
        return _fail(unusable(error))
    if options.command == "serve":
        _serve(settings, options.host)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="The Interview API.")
    parser.add_argument(
        "--embedded",
        action="store_true",
        help=f"use {EMBEDDED_DATABASE_URL} unless DATABASE_URL is set",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API on APP_PORT")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument(
        "--sample", action="store_true", help="first migrate the database, and seed it if it has no films"
    )
    serve.set_defaults(scale=1)
    commands.add_parser("migrate", help="migrate the database schema to the latest revision")
    seeding = commands.add_parser("seed", help="fill an empty database with sample data")
    seeding.add_argument(
        "--scale", type=_positive, default=1, help="size as a multiple of Pagila (default: %(default)s)"
    )
    purging = commands.add_parser("purge", help="delete conversations that had no turn for CONVERSATION_DAYS")
    purging.set_defaults(run=_purge)
    add_account_commands(commands)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _settings(*, embedded: bool) -> Settings:
    settings = get_settings()
    if embedded and "database_url" not in settings.model_fields_set:
        os.environ["DATABASE_URL"] = EMBEDDED_DATABASE_URL
        get_settings.cache_clear()
        settings = get_settings()
    return settings


async def _seed(settings: Settings, options: argparse.Namespace) -> None:
    database = Database(settings)
    try:
        report = await seed(database, scale=options.scale, progress=print)
        print(report)
        if options.command == "serve":
            print(f"API key of this store, valid until the next start:\n\n  export KEY={await _sample_key(database)}\n")
    finally:
        await database.dispose()


async def _sample_key(database: Database) -> str:
    """A key for the sample store, in the place of the one before: nobody can tell that again."""
    command = ApiKeyCreate(name="sample store", scopes=list(Scope))
    return (await ApiKeyService(database).replace(command)).key


async def _purge(settings: Settings, database: Database, _options: argparse.Namespace) -> str:
    return f"Deleted {await purge(settings, database)} conversations."


async def _run(settings: Settings, options: argparse.Namespace) -> None:
    database = Database(settings)
    try:
        print(await options.run(settings, database, options))
    finally:
        await database.dispose()


def _serve(settings: Settings, host: str) -> None:
    from app.api.protocol import (
        BoundedHttpProtocol,
    )  # and all of the API with it, for which other commands need not wait

    print(f"Serving on http://localhost:{settings.app_port} (docs at /docs). Stop with Ctrl-C.", flush=True)
    uvicorn.run(
        "app.main:app",
        host=host,
        port=settings.app_port,
        http=BoundedHttpProtocol,
        root_path=os.environ.get("UVICORN_ROOT_PATH", ""),  # which only uvicorn's own command reads by itself
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        # Time to answer those who gave up waiting. What is left then, such as a client that reads no more, is cut off.
        timeout_graceful_shutdown=ceil(settings.shutdown_grace_seconds) + 5,
    )


def _fail(sentence: str) -> int:
    print(f"Error: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
