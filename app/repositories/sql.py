"""The few SQL expressions that Postgres and SQLite spell differently."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.models.types import TEXT_LIST


class text_list(GenericFunction[list[str]]):  # noqa: N801  named as SQL functions are
    """All values of a group as one list of texts, NULL or empty for none."""

    type = TEXT_LIST
    inherit_cache = True


@compiles(text_list)
def _json_group_array(element: text_list, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"


@compiles(text_list, "postgresql")
def _array_agg(element: text_list, compiler: SQLCompiler, **kw: Any) -> str:
    return f"array_agg({compiler.process(element.clauses, **kw)})"


def contains(column: sa.SQLColumnExpression[str], text: str) -> sa.ColumnElement[bool]:
    """`column` has `text` somewhere in it, in any case; `%` and `_` stand for themselves."""
    return column.icontains(text, autoescape=True)
