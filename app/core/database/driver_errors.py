"""What the database refused, as one of our errors: told by SQLSTATE and constraint name, never by message text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.errors import AlreadyExists, AppError, InUse, InvalidInput, InvalidReference, store_busy

_UNIQUE, _FOREIGN_KEY, _RESTRICT = "23505", "23503", "23001"
_LOCK_TIMEOUT, _STATEMENT_TIMEOUT = "55P03", "57014"
"""None is set here, but whoever runs the database may have set some."""
_RETRYABLE = {"40001", "40P01"}
"""Serialization failure and deadlock: the same transaction may well succeed next time."""
_STALE = "RevalidateCachedQuery"
"""The function of Postgres's that finds a prepared statement out of date: its SQLSTATE, 0A000, means much else, too."""
_CONSTRAINTS, _DATA = "23", "22"
"""Classes: integrity constraint violation (what is left of it: check and not null), data exception."""


class Diagnosis(Protocol):
    """What asyncpg's own exception, the cause of SQLAlchemy's, tells of a violated constraint."""

    schema_name: str
    table_name: str
    constraint_name: str


def sqlstate_of(error: DBAPIError) -> str:
    """The five characters of the SQL standard; empty where the driver has none, as SQLite's."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def driver_error_name(error: BaseException) -> str:
    """The name of the driver's own error, such as InvalidPasswordError."""
    driver_error = getattr(error, "orig", None)
    return type(getattr(driver_error, "__cause__", None) or driver_error or error).__name__


def database_unusable(error: Exception) -> str:
    """A sentence for whoever runs a command: the kind of the driver's error, without its text."""
    return f"The database cannot be used: {driver_error_name(error)}. Check DATABASE_URL."


def diagnosis_of(error: DBAPIError) -> Diagnosis:
    """What Postgres tells of a violated constraint."""
    return cast("Diagnosis", error.orig.__cause__ if error.orig else None)


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same transaction may well succeed next time.

    So it is after a serialization failure, a deadlock, and a change of the schema since a statement was prepared.
    """
    return sqlstate_of(error) in _RETRYABLE or _is_stale(error)


def _is_stale(error: DBAPIError) -> bool:
    return getattr(diagnosis_of(error), "server_source_function", None) == _STALE


def is_connection_error(error: DBAPIError) -> bool:
    """Whether there was no connection yet: then nothing that a caller sent can be the reason."""
    return (
        error.statement is None and sqlstate_of(error)[:2] in {"", "22", "42"} and not isinstance(error, IntegrityError)
    )


def app_error_from(error: DBAPIError) -> AppError | None:
    """The error that a caller is told about; None when the database is away or the defect is ours.

    Services check references and rules themselves, in the same transaction, to say more. This is for what happens
    between such a check and the write, and for what nobody checks.
    """
    sqlstate = sqlstate_of(error)
    if not sqlstate:
        # SQLite names no constraint; its writers take turns, so a check of ours before the write has the last word.
        return AlreadyExists(None) if isinstance(error, IntegrityError) else None
    if is_connection_error(error):
        return None
    if _is_stale(error):
        return store_busy()
    make = _APP_ERRORS.get(sqlstate) or _APP_ERRORS.get(sqlstate[:2])
    return make(error, diagnosis_of(error)) if make else None


def _already_exists(_error: DBAPIError, diagnosis: Diagnosis) -> AppError:
    return AlreadyExists(diagnosis.constraint_name)


def _reference(error: DBAPIError, diagnosis: Diagnosis) -> AppError:
    """The same violation from two sides: what is written refers to nothing, or what is deleted is referred to."""
    if (error.statement or "").startswith("DELETE"):
        return InUse(diagnosis.table_name)
    return InvalidReference(_column(diagnosis.constraint_name.removesuffix("_fkey"), diagnosis.table_name))


def _column(constraint: str, table: str) -> str:
    """What of "film_language_id" is the column: all but the table, of which a partition's name may have more."""
    parts, known = constraint.split("_"), table.split("_")
    same = next((place for place, (one, other) in enumerate(zip(parts, known, strict=False)) if one != other), None)
    return "_".join(parts[len(known) if same is None else same :])


def _invalid(_error: DBAPIError, _diagnosis: Diagnosis) -> AppError:
    return InvalidInput("A value is outside the range that the database can store.")


def _gave_up(_error: DBAPIError, _diagnosis: Diagnosis) -> AppError:
    return store_busy()


_APP_ERRORS: dict[str, Callable[[DBAPIError, Diagnosis], AppError]] = {
    _UNIQUE: _already_exists,
    _FOREIGN_KEY: _reference,
    _RESTRICT: _reference,
    _LOCK_TIMEOUT: _gave_up,
    _STATEMENT_TIMEOUT: _gave_up,
    _CONSTRAINTS: _invalid,
    _DATA: _invalid,
}
