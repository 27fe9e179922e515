"""Pagination: pages of a list, filtered, in a total order, from an offset or from a position in that order (keyset).

Each list declares one `PaginatedSelect`. The statement for each combination of filters and order is cached:
SQLAlchemy takes longer to build it than Postgres to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.repositories.rows import mappings, require_columns
from app.schemas.base import list_adapter
from app.schemas.pagination import PageQuery

T = TypeVar("T", bound=BaseModel)

Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""A value of Postgres's type integer."""
Str = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""A text that Postgres accepts: without NUL."""
Amount = Annotated[Decimal, Field(max_digits=10, decimal_places=2)]
"""Dollars."""
Time = Annotated[
    AwareDatetime, Field(ge=datetime(1, 1, 2, tzinfo=timezone.utc), le=datetime(9999, 12, 30, tzinfo=timezone.utc))
]
"""A time that can be converted to UTC from any offset."""
Direction = Literal["after", "before"]
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class SortKey:
    """A sort key of a list, named like a field of its rows.

    `type` is the type of its values; pydantic validates the values in a cursor. Null counts as the largest value:
    last in ascending order, first in descending.
    """

    column: sa.SQLColumnExpression[Any]
    type: Any
    nullable: bool = False


@dataclass(frozen=True, eq=False)
class PaginatedSelect(Generic[T]):
    """A list of `row` models: `select` without order, with a column for each field of `row`.

    Each filter's condition has a `bindparam` of the filter's name; those of flags have none. `sorts` must have "id",
    unique and never null, as the tie-breaker. `queries` are the query models that this list answers.

    Raises TypeError at import for a field of `row` that is not selected, and for a filter or sort key of a query
    that is missing here: the list would ignore it.
    """

    row: type[T]
    select: sa.Select[Any]
    sorts: Mapping[str, SortKey]
    filters: Mapping[str, Condition] = field(default_factory=dict)
    flags: Mapping[str, tuple[Condition | None, Condition | None]] = field(default_factory=dict)
    """A boolean filter's condition when it is true, and when it is false."""
    queries: tuple[type[PageQuery], ...] = ()

    def __post_init__(self) -> None:
        require_columns(self.row, self.select)
        if wrong := ({"id"} - self.sorts.keys()) | (self.sorts.keys() - self.row.model_fields.keys()):
            raise TypeError(f"{self.row.__name__}: {sorted(wrong)} must be a field and a sort key of its list.")
        for query in self.queries:
            query.require_answered(filters={*self.filters, *self.flags}, sorts=set(self.sorts))


@dataclass(frozen=True)
class Position:
    """The position right after or right before the row with these sort keys."""

    direction: Direction
    values: tuple[Any, ...]


@dataclass(frozen=True)
class PageSelection:
    """Selects a page of a list. `order` has each sort key and whether it descends; "id" comes last."""

    order: tuple[tuple[str, bool], ...]
    limit: int
    skip: int = 0
    position: Position | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PageRows(Generic[T]):
    """The rows of a page, and whether there are more in the direction of reading."""

    rows: list[T]
    more: bool


@dataclass(frozen=True)
class _Shape:
    """The parts of a statement other than values. `empty` has, for each value of the position, whether it is null."""

    filters: tuple[str, ...]
    flags: tuple[tuple[str, bool], ...]
    order: tuple[tuple[str, bool], ...] = ()
    direction: Direction | None = None
    empty: tuple[bool, ...] = ()


async def fetch(connection: AsyncConnection, source: PaginatedSelect[T], wanted: PageSelection) -> PageRows[T]:
    """Return one page, read with one query."""
    statement, values = statement_of(source, wanted)
    rows = await mappings(connection, statement, **values)
    more = len(rows) > wanted.limit
    del rows[wanted.limit :]
    if wanted.position and wanted.position.direction == "before":
        rows.reverse()
    return PageRows(list_adapter(source.row).validate_python(rows), more)


def statement_of(source: PaginatedSelect[T], wanted: PageSelection) -> tuple[sa.Select[Any], dict[str, Any]]:
    """Return the query for a page, and its parameters. It reads one extra row to tell whether there are more."""
    position = wanted.position
    empty = tuple(value is None for value in position.values) if position else ()
    shape = _shape(source, wanted.filters, wanted.order, position.direction if position else None, empty)
    keys = {f"key_{number}": value for number, value in enumerate(position.values)} if position else {}
    given = {name: value for name, value in wanted.filters.items() if name in source.filters}
    return _page(source, shape), {**given, **keys, "limit_": wanted.limit + 1, "skip_": wanted.skip}


async def count(connection: AsyncConnection, source: PaginatedSelect[T], filters: Mapping[str, Any]) -> int:
    """Return the number of rows of the whole list."""
    given = {name: value for name, value in filters.items() if name in source.filters}
    return int(await connection.scalar(_count(source, _shape(source, filters)), given) or 0)


def _shape(
    source: PaginatedSelect[T],
    filters: Mapping[str, Any],
    order: tuple[tuple[str, bool], ...] = (),
    direction: Direction | None = None,
    empty: tuple[bool, ...] = (),
) -> _Shape:
    if unknown := [name for name in filters if name not in source.filters and name not in source.flags]:
        raise TypeError(f"A list of {source.row.__name__} has no filters {unknown}.")
    return _Shape(
        tuple(name for name in filters if name in source.filters),
        tuple((name, bool(value)) for name, value in filters.items() if name in source.flags),
        order,
        direction,
        empty,
    )


@lru_cache(maxsize=1024)
def _page(source: PaginatedSelect[Any], shape: _Shape) -> sa.Select[Any]:
    backwards = shape.direction == "before"
    order = [(source.sorts[name], descends != backwards) for name, descends in shape.order]
    query = source.select.where(*_conditions(source, shape))
    if shape.direction:
        query = query.where(_beyond(order, shape.empty))
    limit, skip = (sa.bindparam(name, type_=sa.Integer) for name in ("limit_", "skip_"))
    return query.order_by(*(_ordered(key, descends) for key, descends in order)).limit(limit).offset(skip)


@lru_cache(maxsize=1024)
def _count(source: PaginatedSelect[Any], shape: _Shape) -> sa.Select[Any]:
    found = source.select.with_only_columns(source.sorts["id"].column, maintain_column_froms=True)
    return sa.select(sa.func.count()).select_from(found.where(*_conditions(source, shape)).subquery())


def _conditions(source: PaginatedSelect[Any], shape: _Shape) -> list[Condition]:
    flags = (source.flags[name][0 if value else 1] for name, value in shape.flags)
    return [source.filters[name] for name in shape.filters] + [flag for flag in flags if flag is not None]


def _ordered(key: SortKey, descends: bool) -> sa.ColumnElement[Any]:
    if not key.nullable:
        return key.column.desc() if descends else key.column.asc()
    return key.column.desc().nulls_first() if descends else key.column.asc().nulls_last()


def _beyond(order: Sequence[tuple[SortKey, bool]], empty: Sequence[bool]) -> Condition:
    """Match rows after the position: greater in the first key, or equal in it and greater in the second, and so on."""
    values = [_value(number, key) for number, (key, _) in enumerate(order)]
    if not any(descends or key.nullable for key, descends in order):
        # A row comparison, which an index over all keys answers.
        return sa.tuple_(*(key.column for key, _ in order)) > sa.tuple_(*values)
    *others, last = list(zip(order, values, empty, strict=True))
    (key, descends), value, is_empty = last
    beyond = _greater(key, descends, value, is_empty)
    for (key, descends), value, is_empty in reversed(others):
        if key.nullable:
            same = key.column.is_(None) if is_empty else key.column == value
            beyond = _greater(key, descends, value, is_empty) | (same & beyond)
        else:
            # A range for the index, then a rarely false condition, which Postgres estimates well.
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
