"""A page of a list with the cursors of the pages beside it."""

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
from app.repositories.pagination import Direction, PageRows, PageSelection, PaginatedSelect, Position, Row, count, fetch
from app.schemas.base import list_adapter
from app.schemas.pagination import PageQuery

T = TypeVar("T", bound=BaseModel)

Order = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list; `next` and `prev` are cursors, `total` is only there when it was asked for."""

    items: list[T]
    next: str | None
    prev: str | None
    total: int | None = None


async def page(
    database: Database,
    source: PaginatedSelect,
    model: type[T],
    query: PageQuery,
    *,
    counted: bool = False,
    within: Mapping[str, Any] | None = None,
) -> Page[T]:
    """The page that `query` asks for; `within` are filters that are not the caller's to choose.

    Raises InvalidInput for a cursor that is none of ours, or of another order.
    """
    order, filters = query.order, {**query.filters, **(within or {})}
    position = _decode(query.cursor, source, order) if query.cursor else None
    wanted = PageSelection(order, query.limit, query.skip, position, filters)
    async with database.reading() as connection:
        found = await fetch(connection, source, wanted)
        total = await count(connection, source, filters) if counted else None
    following, preceding = _cursors(found, wanted)
    return Page(list_adapter(model).validate_python(found.rows), following, preceding, total)


def _cursors(found: PageRows, wanted: PageSelection) -> tuple[str | None, str | None]:
    """Of the next page and of the one before, where there are rows."""
    if not found.rows:
        return None, None
    backwards = wanted.position is not None and wanted.position.direction == "before"
    has_next = backwards or found.more
    has_prev = found.more if backwards else wanted.position is not None or wanted.skip > 0
    following = _encode("after", wanted.order, found.rows[-1]) if has_next else None
    return following, _encode("before", wanted.order, found.rows[0]) if has_prev else None


def _encode(direction: Direction, order: Order, row: Row) -> str:
    token = [direction, _spelt(order), to_jsonable_python([row[name] for name, _ in order])]
    return urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str, source: PaginatedSelect, order: Order) -> Position:
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
def _values(source: PaginatedSelect, order: Order) -> TypeAdapter[tuple[Any, ...]]:
    keys = [source.sorts[name] for name, _ in order]
    types = tuple(key.type | None if key.nullable else key.type for key in keys)
    return TypeAdapter(tuple[types])  # type: ignore[valid-type]
