"""Open asyncpg connections. asyncpg is imported only for a Postgres URL."""

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
    """Return a connection that reads `timestamp` values, which old stores have, as times in UTC.

    Raises OSError if no host is reachable, or none is of the kind that `target_session_attrs` requires.
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
    """Return the time. Infinity, which Python lacks, becomes the latest or earliest time, as in asyncpg."""
    try:
        return _EPOCH + value[0] * _MICROSECOND
    except OverflowError:
        return _LATEST if value[0] > 0 else _EARLIEST
