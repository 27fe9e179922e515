"""Convert driver errors to AppErrors, by SQLSTATE and constraint name, never by message text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.errors import AlreadyExists, AppError, InUse, InvalidInput, InvalidReference, store_busy

_UNIQUE, _FOREIGN_KEY, _RESTRICT = "23505", "23503", "23001"
_LOCK_TIMEOUT, _STATEMENT_TIMEOUT = "55P03", "57014"
"""The service sets neither timeout, but the database's operator may."""
_RETRYABLE = {"40001", "40P01"}
"""Serialization failure and deadlock: the same transaction is likely to succeed when it is repeated."""
_STALE = "RevalidateCachedQuery"
"""The Postgres function that raises the error for a stale prepared statement. Its SQLSTATE 0A000 has other uses."""
_CONSTRAINTS, _DATA = "23", "22"
"""SQLSTATE classes: integrity constraint violation (here: check and not null), data exception."""


class Diagnosis(Protocol):
    """The attributes of asyncpg's exception, the cause of SQLAlchemy's, that describe a violated constraint."""

    schema_name: str
    table_name: str
    constraint_name: str


def sqlstate_of(error: DBAPIError) -> str:
    """Return the SQLSTATE (five characters), or an empty string for a driver without it, such as SQLite's."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def driver_error_name(error: BaseException) -> str:
    """Return the class name of the driver's exception, such as InvalidPasswordError."""
    driver_error = getattr(error, "orig", None)
    return type(getattr(driver_error, "__cause__", None) or driver_error or error).__name__


def database_unusable(error: Exception) -> str:
    """Return a sentence for the user of a command, with the class of the driver's error but without its text."""
    return f"The database cannot be used: {driver_error_name(error)}. Check DATABASE_URL."


def diagnosis_of(error: DBAPIError) -> Diagnosis:
    """Return Postgres's description of a violated constraint."""
    return cast("Diagnosis", error.orig.__cause__ if error.orig else None)


def is_retryable(error: DBAPIError) -> bool:
    """Return whether to repeat the transaction: after a serialization failure, a deadlock or a stale statement.

    A prepared statement is stale after a change of the schema.
    """
    return sqlstate_of(error) in _RETRYABLE or _is_stale(error)


def _is_stale(error: DBAPIError) -> bool:
    return getattr(diagnosis_of(error), "server_source_function", None) == _STALE


def is_connection_error(error: DBAPIError) -> bool:
    """Return whether the error occurred while connecting, so that the request's data cannot be the cause."""
    return (
        error.statement is None and sqlstate_of(error)[:2] in {"", "22", "42"} and not isinstance(error, IntegrityError)
    )


def app_error_from(error: DBAPIError) -> AppError | None:
    """Return the error for the caller, or None if the database is unreachable or the statement is wrong.

    Services check references and rules in the same transaction, with more specific errors. This handles changes
    between such a check and the write, and values that no service checks.
    """
    sqlstate = sqlstate_of(error)
    if not sqlstate:
        # SQLite does not name the constraint. It has one writer at a time, so the service's checks are sufficient.
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
    """Return InUse for a delete, and InvalidReference for a write that refers to a missing record."""
    if (error.statement or "").startswith("DELETE"):
        return InUse(diagnosis.table_name)
    return InvalidReference(_column(diagnosis.constraint_name.removesuffix("_fkey"), diagnosis.table_name))


def _column(constraint: str, table: str) -> str:
    """Return the column in a constraint's name: "language_id" of "film_language_id".

    The table's name is removed word by word, because that of a partition is longer.
    """
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
