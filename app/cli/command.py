"""Shared by all commands: types of options, and database errors as one sentence."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.core.database.driver_errors import database_unusable
from app.core.database.engine import Database
from app.core.settings import Settings

T = TypeVar("T")

Commands = Any
"""What argparse's `add_subparsers` returns: its type has no public name. A command sets
`run(settings, options)`, which returns an exit status or None for 0."""


class CommandFailed(Exception):
    """A command cannot go on. The message is one sentence for the person who runs it; `status` is the exit status."""

    def __init__(self, sentence: str, *, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def integer_between(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return an option type that accepts integers in this range."""

    def integer(text: str) -> int:
        value = int(text)
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(
                f"must be at least {low}" if high is None else f"must be from {low} to {high}"
            )
        return value

    return integer


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise CommandFailed for a database that cannot be used."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise CommandFailed(database_unusable(error)) from error


def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` in an event loop, with a database that is closed afterwards. Raises like `database_errors`."""

    async def run() -> T:
        database = Database(settings)
        try:
            return await work(database)
        finally:
            await database.dispose()

    with database_errors():
        return asyncio.run(run())
