"""The command line: python -m app COMMAND; `python -m app --help` lists the commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from alembic.util import CommandError
from pydantic import ValidationError

from app.cli import accounts, chat, serve, store
from app.cli.command import CommandFailed
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.core.settings import EMBEDDED_DATABASE_URL, Settings, UnreadableEnvFile, get_settings, in_sentences


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(embedded=options.embedded)
    except (ValidationError, UnreadableEnvFile) as error:
        return _fail(in_sentences(error))
    configure_logging(settings)
    try:
        return options.run(settings, options) or 0
    except CommandFailed as error:
        return _fail(str(error), error.status)
    except (AppError, CommandError) as error:
        return _fail(str(error))
    except ValidationError as error:
        return _fail(in_sentences(error, str))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="The Interview API.")
    parser.add_argument(
        "--embedded",
        action="store_true",
        help=f"use {EMBEDDED_DATABASE_URL} unless DATABASE_URL is set",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for group in (serve, chat, store, accounts):
        group.add_commands(commands)
    return parser


def _settings(*, embedded: bool) -> Settings:
    settings = get_settings()
    if embedded and "database_url" not in settings.model_fields_set:
        os.environ["DATABASE_URL"] = EMBEDDED_DATABASE_URL
        get_settings.cache_clear()
        settings = get_settings()
    return settings


def _fail(sentence: str, status: int = 1) -> int:
    print(f"Error: {sentence}", file=sys.stderr)
    return status
