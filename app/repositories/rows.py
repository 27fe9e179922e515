"""Typed rows: models and NamedTuples whose fields have the names of the columns selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from app.schemas.base import list_adapter

R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)
Columns = tuple[sa.SQLColumnExpression[Any], ...]


def columns_of(model: type[BaseModel], table: type[SQLModel], **others: sa.SQLColumnExpression[Any]) -> Columns:
    """Return a column for each field of the model: from `others`, else the table's column of that name.

    Raises TypeError at import for a field without a column and for a name in `others` that is not a field.
    """
    fields = model.model_fields
    missing = [name for name in fields if name not in others and name not in table.model_fields]
    if missing:
        raise TypeError(f"{model.__name__}: no column for {_listed(missing)}: name one where its rows are selected.")
    if unknown := [name for name in others if name not in fields]:
        raise TypeError(f"{model.__name__} has no field {_listed(unknown)}: these columns would not be read.")
    return tuple(others[name].label(name) if name in others else col(getattr(table, name)) for name in fields)


def require_columns(row: type[BaseModel] | type[tuple[Any, ...]], statement: sa.SelectBase) -> None:
    """Raise TypeError for a field of the model or NamedTuple that the statement does not select."""
    fields = row.model_fields if issubclass(row, BaseModel) else getattr(row, "_fields", ())
    if missing := [name for name in fields if name not in statement.selected_columns]:
        raise TypeError(f"{row.__name__}: no column for {_listed(missing)} is selected.")


async def first(
    connection: AsyncConnection, statement: sa.Executable, row: Callable[..., R], **values: object
) -> R | None:
    """Return the first row as a `row`, or None."""
    result = await connection.execute(statement, values)
    found = result.first()
    return None if found is None else row(**dict(zip(result.keys(), found, strict=True)))


async def one(connection: AsyncConnection, statement: sa.Executable, row: Callable[..., R], **values: object) -> R:
    """Return the only row of a statement that always has one, as a `row`."""
    return row(**(await connection.execute(statement, values)).mappings().one())


async def every(
    connection: AsyncConnection, statement: sa.Executable, row: Callable[..., R], **values: object
) -> list[R]:
    """Return all rows, each as a `row`."""
    return [row(**found) for found in await mappings(connection, statement, **values)]


async def every_model(
    connection: AsyncConnection, statement: sa.Executable, model: type[M], **values: object
) -> list[M]:
    """Return all rows as models, which pydantic makes faster together than one by one."""
    return list_adapter(model).validate_python(await mappings(connection, statement, **values))


async def mappings(connection: AsyncConnection, statement: sa.Executable, **values: object) -> list[dict[str, Any]]:
    """Return all rows by the names of their columns."""
    result = await connection.execute(statement, values)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _listed(names: list[str]) -> str:
    return ", ".join(names)
