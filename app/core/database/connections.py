"""Connections to Postgres as this service wants them from asyncpg, which only a Postgres URL imports."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncpg import Connection

_EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=timezone.utc)
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


async def connect(*arguments: Any, **options: Any) -> Connection[Any]:
    """A connection whose `timestamp` values, which old stores have, are times in UTC, as its session is.

    Raises OSError, as for a host that is away, when no host is of the kind that `target_session_attrs` asks for.
    """
    import asyncpg

    try:
        connection: Connection[Any] = await asyncpg.connect(*arguments, **options)
    except asyncpg.InternalClientError as error:
        raise ConnectionError(type(error).__name__) from error
    await connection.set_type_codec(
        "timestamp", schema="pg_catalog", encoder=_encoded, decoder=_decoded, format="tuple"
    )
    return connection


def _encoded(value: datetime) -> tuple[int]:
    return ((value - _EPOCH) // _MICROSECOND,)


def _decoded(value: tuple[int]) -> datetime:
    """Infinity, which Postgres has and Python lacks, is the latest time that there is, as with asyncpg itself."""
    try:
        return _EPOCH + value[0] * _MICROSECOND
    except OverflowError:
        return _LATEST if value[0] > 0 else _EARLIEST
