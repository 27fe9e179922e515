"""Pages of a list: filtered, in a total order, from an offset or from a position in that order (keyset).

A noun declares its `PaginatedSelect` once. The statement for each combination of filters and order is built once, too:
SQLAlchemy needs longer to build one than Postgres to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AwareDatetime, Field
from sqlalchemy.ext.asyncio import AsyncConnection

Row = dict[str, Any]
"""A row by the names it is selected under."""
Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""What Postgres's integers hold."""
Str = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""What its texts hold."""
Amount = Annotated[Decimal, Field(max_digits=10, decimal_places=2)]
"""Dollars."""
Time = Annotated[
    AwareDatetime, Field(ge=datetime(1, 1, 2, tzinfo=timezone.utc), le=datetime(9999, 12, 30, tzinfo=timezone.utc))
]
"""Times that can be had in UTC, whatever their offset."""
Direction = Literal["after", "before"]
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class SortKey:
    """What a list can be sorted by; the rows must be selected with the same name for it.

    `type` is what its values are (pydantic checks those that come back in a cursor). Empty values count as the
    largest: last in ascending order, first in descending.
    """

    column: sa.SQLColumnExpression[Any]
    type: Any
    nullable: bool = False


@dataclass(frozen=True, eq=False)
class PaginatedSelect:
    """`select` without order; each filter's condition has a `bindparam` of the filter's name, flags have none.

    `sorts` must have "id", unique and never empty, which settles every tie.
    """

    select: sa.Select[Any]
    sorts: Mapping[str, SortKey]
    filters: Mapping[str, Condition] = field(default_factory=dict)
    flags: Mapping[str, tuple[Condition | None, Condition | None]] = field(default_factory=dict)
    """A boolean filter's condition when it is true, and when it is false."""


@dataclass(frozen=True)
class Position:
    """Right after or right before the row with these sort keys."""

    direction: Direction
    values: tuple[Any, ...]


@dataclass(frozen=True)
class PageSelection:
    """Which part of a list. `order` is sort keys with whether each descends; "id" comes last."""

    order: tuple[tuple[str, bool], ...]
    limit: int
    skip: int = 0
    position: Position | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PageRows:
    """The rows of a slice, and whether the list goes on beyond them in the direction they were read."""

    rows: Sequence[Row]
    more: bool


@dataclass(frozen=True)
class _Shape:
    """All that a statement depends on but values: `empty` tells which of the position's are empty."""

    filters: tuple[str, ...]
    flags: tuple[tuple[str, bool], ...]
    order: tuple[tuple[str, bool], ...] = ()
    direction: Direction | None = None
    empty: tuple[bool, ...] = ()


async def first(connection: AsyncConnection, statement: sa.Executable, **values: object) -> Row | None:
    """The first row, or None."""
    result = await connection.execute(statement, values)
    row = result.first()
    return None if row is None else dict(zip(result.keys(), row, strict=True))


async def every(connection: AsyncConnection, statement: sa.Executable, **values: object) -> list[Row]:
    """All rows."""
    result = await connection.execute(statement, values)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


async def fetch(connection: AsyncConnection, source: PaginatedSelect, wanted: PageSelection) -> PageRows:
    """One query for one page."""
    statement, values = statement_of(source, wanted)
    rows = await every(connection, statement, **values)
    more = len(rows) > wanted.limit
    del rows[wanted.limit :]
    if wanted.position and wanted.position.direction == "before":
        rows.reverse()
    return PageRows(rows, more)


def statement_of(source: PaginatedSelect, wanted: PageSelection) -> tuple[sa.Select[Any], dict[str, Any]]:
    """The query for a page, and its parameters. It asks for one row more, which tells whether the list goes on."""
    position = wanted.position
    empty = tuple(value is None for value in position.values) if position else ()
    shape = _shape(source, wanted.filters, wanted.order, position.direction if position else None, empty)
    keys = {f"key_{number}": value for number, value in enumerate(position.values)} if position else {}
    given = {name: value for name, value in wanted.filters.items() if name in source.filters}
    return _page(source, shape), {**given, **keys, "limit_": wanted.limit + 1, "skip_": wanted.skip}


async def count(connection: AsyncConnection, source: PaginatedSelect, filters: Mapping[str, Any]) -> int:
    """How many rows the whole list has."""
    given = {name: value for name, value in filters.items() if name in source.filters}
    return int(await connection.scalar(_count(source, _shape(source, filters)), given) or 0)


def _shape(
    source: PaginatedSelect,
    filters: Mapping[str, Any],
    order: tuple[tuple[str, bool], ...] = (),
    direction: Direction | None = None,
    empty: tuple[bool, ...] = (),
) -> _Shape:
    return _Shape(
        tuple(name for name in filters if name in source.filters),
        tuple((name, bool(value)) for name, value in filters.items() if name in source.flags),
        order,
        direction,
        empty,
    )


@lru_cache(maxsize=1024)
def _page(source: PaginatedSelect, shape: _Shape) -> sa.Select[Any]:
    backwards = shape.direction == "before"
    order = [(source.sorts[name], descends != backwards) for name, descends in shape.order]
    query = source.select.where(*_conditions(source, shape))
    if shape.direction:
        query = query.where(_beyond(order, shape.empty))
    limit, skip = (sa.bindparam(name, type_=sa.Integer) for name in ("limit_", "skip_"))
    return query.order_by(*(_ordered(key, descends) for key, descends in order)).limit(limit).offset(skip)


@lru_cache(maxsize=1024)
def _count(source: PaginatedSelect, shape: _Shape) -> sa.Select[Any]:
    found = source.select.with_only_columns(source.sorts["id"].column, maintain_column_froms=True)
    return sa.select(sa.func.count()).select_from(found.where(*_conditions(source, shape)).subquery())


def _conditions(source: PaginatedSelect, shape: _Shape) -> list[Condition]:
    flags = (source.flags[name][0 if value else 1] for name, value in shape.flags)
    return [source.filters[name] for name in shape.filters] + [flag for flag in flags if flag is not None]


def _ordered(key: SortKey, descends: bool) -> sa.ColumnElement[Any]:
    if not key.nullable:
        return key.column.desc() if descends else key.column.asc()
    return key.column.desc().nulls_first() if descends else key.column.asc().nulls_last()


def _beyond(order: Sequence[tuple[SortKey, bool]], empty: Sequence[bool]) -> Condition:
    """PageRows after the position: greater in the first key, or equal in it and greater in the second, and so on."""
    values = [_value(number, key) for number, (key, _) in enumerate(order)]
    if not any(descends or key.nullable for key, descends in order):
        # As a comparison of rows, which an index over all of them answers.
        return sa.tuple_(*(key.column for key, _ in order)) > sa.tuple_(*values)
    *others, last = list(zip(order, values, empty, strict=True))
    (key, descends), value, is_empty = last
    beyond = _greater(key, descends, value, is_empty)
    for (key, descends), value, is_empty in reversed(others):
        if key.nullable:
            same = key.column.is_(None) if is_empty else key.column == value
            beyond = _greater(key, descends, value, is_empty) | (same & beyond)
        else:
            # As a range that an index can begin with, and an exception so rare that Postgres estimates it well.
            within = key.column <= value if descends else key.column >= value
            beyond = within & ((key.column != value) | beyond)
    return beyond


def _value(number: int, key: SortKey) -> sa.BindParameter[Any]:
    return sa.bindparam(f"key_{number}", type_=key.column.type)  # type: ignore[attr-defined]  # every column has it


def _greater(key: SortKey, descends: bool, value: sa.BindParameter[Any], is_empty: bool) -> Condition:
    if descends:
        return key.column.is_not(None) if is_empty else key.column < value
    if is_empty:
        return sa.false()
    return key.column > value if not key.nullable else (key.column > value) | key.column.is_(None)
