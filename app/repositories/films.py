"""Films as the catalogue shows them: one query each, categories and actors included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Actor, Category, Film, FilmActor, FilmCategory, Inventory, Language
from app.repositories.pagination import Amount, Int, PaginatedSelect, Row, SortKey, Str, every, first
from app.repositories.sql import has_part, text_list
from app.repositories.stock import STOCK_BY_STORE, is_in_stock

ACTOR_NAME = col(Actor.first_name) + sa.literal_column("' '", sa.Text) + col(Actor.last_name)
"""Spelt as idx_actor_name_trgm is, without a parameter for the blank: an index answers only its own expression."""


def category_names() -> sa.ScalarSelect[list[str]]:
    """The names of the enclosing query's film's categories, in alphabetical order."""
    names = (
        sa.select(col(Category.name).label("name"))
        .join(FilmCategory, col(FilmCategory.category_id) == col(Category.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id))
        .order_by(col(Category.name))
        .correlate(Film)
        .subquery()
    )
    return sa.select(text_list(names.c.name)).scalar_subquery()


def actor_names() -> sa.ScalarSelect[list[str]]:
    """The enclosing query's film's actors as "First Last", in the order they were billed (by id)."""
    names = (
        sa.select(ACTOR_NAME.label("name"))
        .join(FilmActor, col(FilmActor.actor_id) == col(Actor.actor_id))
        .where(col(FilmActor.film_id) == col(Film.film_id))
        .order_by(col(Actor.actor_id))
        .correlate(Film)
        .subquery()
    )
    return sa.select(text_list(names.c.name)).scalar_subquery()


def in_category(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The film is in a category that is `named` so: a condition on its name."""
    return (
        sa.select(1)
        .select_from(FilmCategory)
        .join(Category, col(Category.category_id) == col(FilmCategory.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


def with_actor(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """An actor plays in the film who is `named` so: a condition on ACTOR_NAME."""
    return (
        sa.select(1)
        .select_from(FilmActor)
        .join(Actor, col(Actor.actor_id) == col(FilmActor.actor_id))
        .where(col(FilmActor.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


LISTED: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Film.film_id).label("id"),
    col(Film.title),
    col(Film.description),
    col(Film.release_year),
    col(Film.language_id),
    sa.func.rtrim(col(Language.name)).label("language"),
    col(Film.original_language_id),
    col(Film.rental_duration),
    col(Film.rental_rate),
    col(Film.length),
    col(Film.replacement_cost),
    col(Film.rating),
    col(Film.special_features),
    col(Film.streaming_available),
    col(Film.last_update),
    category_names().label("categories"),
)
"""What a list of films shows of each."""

_LIST = sa.select(*LISTED).join(Language, col(Language.language_id) == col(Film.language_id))
_ONE = _LIST.add_columns(actor_names().label("actors")).where(col(Film.film_id) == sa.bindparam("film_id"))

FILMS = PaginatedSelect(
    _LIST,
    sorts={
        "id": SortKey(col(Film.film_id), Int),
        "title": SortKey(col(Film.title), Str),
        "release_year": SortKey(col(Film.release_year), Int, nullable=True),
        "rental_rate": SortKey(col(Film.rental_rate), Amount),
        "length": SortKey(col(Film.length), Int, nullable=True),
    },
    filters={
        "category": in_category(has_part(col(Category.name), "category")),
        "rating": col(Film.rating) == sa.bindparam("rating"),
        "release_year": col(Film.release_year) == sa.bindparam("release_year"),
        "min_year": col(Film.release_year) >= sa.bindparam("min_year"),
        "max_year": col(Film.release_year) <= sa.bindparam("max_year"),
        "language": has_part(col(Language.name), "language"),
        "min_length": col(Film.length) >= sa.bindparam("min_length"),
        "max_length": col(Film.length) <= sa.bindparam("max_length"),
        "actor": with_actor(has_part(ACTOR_NAME, "actor")),
        "title": has_part(col(Film.title), "title"),
    },
    flags={
        "streaming_available": (col(Film.streaming_available).is_(True), col(Film.streaming_available).is_(False)),
        "in_stock": (is_in_stock(), ~is_in_stock()),
    },
)


_LOCK = sa.select(col(Film.film_id)).where(col(Film.film_id) == sa.bindparam("film_id")).with_for_update()
_INSERT = sa.insert(Film).returning(col(Film.film_id))
_UPDATE = sa.update(Film).where(col(Film.film_id) == sa.bindparam("id_"))
_HAS_COPIES = sa.select(1).where(col(Inventory.film_id) == sa.bindparam("film_id")).limit(1)

_LINKS: dict[str, tuple[type[FilmCategory] | type[FilmActor], str]] = {
    "category_ids": (FilmCategory, "category_id"),
    "actor_ids": (FilmActor, "actor_id"),
}
"""What a film has several of: the table of the links, and its column."""
_LINK = {name: sa.insert(table) for name, (table, _) in _LINKS.items()}
_UNLINK = {
    name: sa.delete(table).where(col(table.film_id) == sa.bindparam("id_")) for name, (table, _) in _LINKS.items()
}
_DELETE = (*_UNLINK.values(), sa.delete(Film).where(col(Film.film_id) == sa.bindparam("id_")))

_REFERRED_TO: dict[str, sa.SQLColumnExpression[Any]] = {
    "language_id": col(Language.language_id),
    "original_language_id": col(Language.language_id),
    "category_ids": col(Category.category_id),
    "actor_ids": col(Actor.actor_id),
}
_KNOWN: sa.CompoundSelect[Any] = sa.union_all(
    *(
        sa.select(sa.literal(name).label("name"), column.label("id")).where(
            column.in_(sa.bindparam(name, expanding=True))
        )
        for name, column in _REFERRED_TO.items()
    )
)


class FilmRepository:
    """Reads and writes films."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, film_id: int) -> Row | None:
        """The film with its `actors`, or None."""
        return await first(self._connection, _ONE, film_id=film_id)

    async def stock(self, *film_ids: int) -> list[Row]:
        """What STOCK_BY_STORE tells of the films."""
        return await every(self._connection, STOCK_BY_STORE, film_ids=film_ids)

    async def lock(self, film_id: int) -> bool:
        """Whether the film exists; nobody else changes it, or refers to it anew, until this transaction ends."""
        return await first(self._connection, _LOCK, film_id=film_id) is not None

    async def unknown(self, values: Mapping[str, Any]) -> dict[str, list[int]]:
        """Which ids among these lead nowhere, by the name they have there; one query."""
        wanted = {name: _ids(values.get(name)) for name in _REFERRED_TO}
        if not any(wanted.values()):
            return {}
        known = {tuple(row) for row in await self._connection.execute(_KNOWN, wanted)}
        unknown = {name: [id_ for id_ in ids if (name, id_) not in known] for name, ids in wanted.items()}
        return {name: ids for name, ids in unknown.items() if ids}

    async def add(self, values: Mapping[str, Any]) -> int:
        """A new film with these columns and links; returns its id."""
        columns = {name: value for name, value in values.items() if name not in _LINKS}
        film_id = int(await self._connection.scalar(_INSERT, columns) or 0)
        for name in _LINKS:
            await self._link(film_id, name, values.get(name, ()))
        return film_id

    async def update(self, film_id: int, values: Mapping[str, Any]) -> None:
        """Change these columns, and replace these links; the film counts as written even if only they change."""
        columns = {name: value for name, value in values.items() if name not in _LINKS}
        await self._connection.execute(_UPDATE, {"id_": film_id, **columns})
        for name in _LINKS:
            if name in values:
                await self._connection.execute(_UNLINK[name], {"id_": film_id})
                await self._link(film_id, name, values[name])

    async def has_copies(self, film_id: int) -> bool:
        """Whether inventory refers to the film."""
        return await first(self._connection, _HAS_COPIES, film_id=film_id) is not None

    async def delete(self, film_id: int) -> None:
        """Remove the film and its links."""
        for statement in _DELETE:
            await self._connection.execute(statement, {"id_": film_id})

    async def _link(self, film_id: int, name: str, ids: Sequence[int]) -> None:
        _, column = _LINKS[name]
        if ids:
            await self._connection.execute(_LINK[name], [{"film_id": film_id, column: id_} for id_ in ids])


def _ids(value: int | list[int] | None) -> list[int]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
