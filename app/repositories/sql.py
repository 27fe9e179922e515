"""SQL expressions that differ between Postgres and SQLite."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

from app.models.types import TEXT_LIST


class text_list(GenericFunction[list[str]]):  # noqa: N801  named as SQL functions are
    """Aggregate a group's values into one list of texts, null or empty for none."""

    type = TEXT_LIST
    inherit_cache = True


@compiles(text_list)
def _json_group_array(element: text_list, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"


@compiles(text_list, "postgresql")
def _array_agg(element: text_list, compiler: SQLCompiler, **kw: Any) -> str:
    return f"array_agg({compiler.process(element.clauses, **kw)})"


class lock_text(GenericFunction[None]):  # noqa: N801
    """Lock a text until the end of this transaction, waiting for other locks of it."""

    type = sa.types.NullType()
    inherit_cache = True


@compiles(lock_text)
def _no_lock(_element: lock_text, _compiler: SQLCompiler, **_kw: Any) -> str:
    """Lock nothing: SQLite has one writer at a time."""
    return "NULL"


@compiles(lock_text, "postgresql")
def _advisory_lock(element: lock_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"pg_advisory_xact_lock(hashtextextended({compiler.process(element.clauses, **kw)}, 0))"


_ESCAPE = "!"


def contains(column: sa.SQLColumnExpression[str], text: str) -> sa.ColumnElement[bool]:
    """Match a column that contains `text`, ignoring case; `%` and `_` are literal."""
    return column.ilike(sa.literal(text, Pattern), escape=_ESCAPE)


def has_part(column: sa.SQLColumnExpression[str], name: str) -> sa.ColumnElement[bool]:
    """Match like `contains`, for a text given at execution as parameter `name`."""
    return column.ilike(sa.bindparam(name, type_=Pattern), escape=_ESCAPE)


class Pattern(TypeDecorator[str]):
    """A text to search for, as a LIKE pattern."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        for special in (_ESCAPE, "%", "_"):
            value = value.replace(special, _ESCAPE + special)
        return f"%{value}%"
