"""Pagination: pages of a list, with cursors of the next and the previous page."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json, to_jsonable_python

from app.core.database.engine import Database
from app.core.errors import InvalidInput
from app.repositories.pagination import Direction, PageRows, PageSelection, PaginatedSelect, Position, count, fetch
from app.schemas.pagination import PageQuery

T = TypeVar("T", bound=BaseModel)

Order = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Items of a list; `next` and `prev` are cursors, `total` is set only if it was requested."""

    items: list[T]
    next: str | None
    prev: str | None
    total: int | None = None


async def page(
    database: Database,
    source: PaginatedSelect[T],
    query: PageQuery,
    *,
    counted: bool = False,
    within: Mapping[str, Any] | None = None,
) -> Page[T]:
    """Return the page that `query` asks for; `within` are filters that the caller cannot choose.

    Raises InvalidInput for a cursor of another list or sort order.
    """
    return await filtered_page(database, source, query, {**query.filters, **(within or {})}, counted=counted)


async def filtered_page(
    database: Database,
    source: PaginatedSelect[T],
    query: PageQuery,
    filters: Mapping[str, Any],
    *,
    counted: bool = False,
) -> Page[T]:
    """Return the page that `query` asks for, with these filters in place of the query's own."""
    order = query.order
    position = _decode(query.cursor, source, order) if query.cursor else None
    wanted = PageSelection(order, query.limit, query.skip, position, filters)
    async with database.reading() as connection:
        found = await fetch(connection, source, wanted)
        total = await count(connection, source, filters) if counted else None
    following, preceding = _cursors(found, wanted)
    return Page(found.rows, following, preceding, total)


def _cursors(found: PageRows[T], wanted: PageSelection) -> tuple[str | None, str | None]:
    """Return the cursors of the next and the previous page; None if there is no such page."""
    if not found.rows:
        return None, None
    backwards = wanted.position is not None and wanted.position.direction == "before"
    has_next = backwards or found.more
    has_prev = found.more if backwards else wanted.position is not None or wanted.skip > 0
    following = _encode("after", wanted.order, found.rows[-1]) if has_next else None
    return following, _encode("before", wanted.order, found.rows[0]) if has_prev else None


def _encode(direction: Direction, order: Order, row: BaseModel) -> str:
    token = [direction, _spelt(order), to_jsonable_python([getattr(row, name) for name, _ in order])]
    return urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str, source: PaginatedSelect[T], order: Order) -> Position:
    try:
        direction, spelt, values = from_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), allow_inf_nan=False)
        if direction not in ("after", "before") or spelt != _spelt(order):
            raise _invalid()
        return Position(direction, _values(source, order).validate_python(values))
    except (ValueError, TypeError) as error:
        raise _invalid() from error


def _invalid() -> InvalidInput:
    return InvalidInput("The cursor does not belong to this list and sort order.", "cursor", where="query")


def _spelt(order: Order) -> str:
    return ",".join(f"-{name}" if descends else name for name, descends in order)


@lru_cache(maxsize=256)
def _values(source: PaginatedSelect[Any], order: Order) -> TypeAdapter[tuple[Any, ...]]:
    keys = [source.sorts[name] for name, _ in order]
    types = tuple(key.type | None if key.nullable else key.type for key in keys)
    return TypeAdapter(tuple[types])  # type: ignore[valid-type]
