"""Films with their language, categories and actors, each read with one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Actor, Category, Film, FilmActor, FilmCategory, Inventory, Language
from app.repositories.pagination import Amount, Int, PaginatedSelect, SortKey, Str
from app.repositories.rows import columns_of, every, first
from app.repositories.sql import has_part, text_list
from app.repositories.stock import STOCK_BY_STORE, StoreStockRow, is_in_stock
from app.schemas.films import FilmListed, FilmQuery, FilmRead

ACTOR_NAME = col(Actor.first_name) + sa.literal_column("' '", sa.Text) + col(Actor.last_name)
"""The expression of idx_actor_name_trgm, which has no parameter for the space: an index matches only the same one."""


def category_names() -> sa.ScalarSelect[list[str]]:
    """Select the names of the enclosing query's film's categories, in alphabetical order."""
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
    """Select the enclosing query's film's actors as "First Last", in order of id."""
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
    """Match films in a category whose name meets the condition `named`."""
    return (
        sa.select(1)
        .select_from(FilmCategory)
        .join(Category, col(Category.category_id) == col(FilmCategory.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


def with_actor(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Match films with an actor whose ACTOR_NAME meets the condition `named`."""
    return (
        sa.select(1)
        .select_from(FilmActor)
        .join(Actor, col(Actor.actor_id) == col(FilmActor.actor_id))
        .where(col(FilmActor.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


LANGUAGE_NAME = sa.func.rtrim(col(Language.name))
_LIST = sa.select(
    *columns_of(FilmListed, Film, id=col(Film.film_id), language=LANGUAGE_NAME, categories=category_names())
).join(Language, col(Language.language_id) == col(Film.language_id))
FILM = _LIST.add_columns(actor_names().label("actors"))
"""A film as FilmRead has it."""
_ONE = FILM.where(col(Film.film_id) == sa.bindparam("film_id"))

FILMS = PaginatedSelect(
    FilmListed,
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
    queries=(FilmQuery,),
)

_LOCK = sa.select(col(Film.film_id)).where(col(Film.film_id) == sa.bindparam("film_id")).with_for_update()
_INSERT = sa.insert(Film).returning(col(Film.film_id))
_UPDATE = sa.update(Film).where(col(Film.film_id) == sa.bindparam("id_"))
_HAS_COPIES = sa.select(1).where(col(Inventory.film_id) == sa.bindparam("film_id")).limit(1)

_LINKS: dict[str, tuple[type[FilmCategory] | type[FilmActor], str]] = {
    "category_ids": (FilmCategory, "category_id"),
    "actor_ids": (FilmActor, "actor_id"),
}
"""A film's links: their table, and the column that refers to the other record."""
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

    async def find(self, film_id: int) -> FilmRead | None:
        """Return the film with its `actors`, or None."""
        return await first(self._connection, _ONE, FilmRead, film_id=film_id)

    async def stock(self, *film_ids: int) -> list[StoreStockRow]:
        """Return the films' stock in each store; see STOCK_BY_STORE."""
        return await every(self._connection, STOCK_BY_STORE, StoreStockRow, film_ids=film_ids)

    async def lock(self, film_id: int) -> bool:
        """Lock the film against changes and new references until this transaction ends; return whether it exists."""
        return await self._connection.scalar(_LOCK, {"film_id": film_id}) is not None

    async def unknown(self, values: Mapping[str, Any]) -> dict[str, list[int]]:
        """Return the ids among these values that do not exist, by field; one query."""
        wanted = {name: _ids(values.get(name)) for name in _REFERRED_TO}
        if not any(wanted.values()):
            return {}
        known = {tuple(row) for row in await self._connection.execute(_KNOWN, wanted)}
        unknown = {name: [id_ for id_ in ids if (name, id_) not in known] for name, ids in wanted.items()}
        return {name: ids for name, ids in unknown.items() if ids}

    async def add(self, values: Mapping[str, Any]) -> int:
        """Add a film with these columns and links; return its id."""
        columns = {name: value for name, value in values.items() if name not in _LINKS}
        film_id = int(await self._connection.scalar(_INSERT, columns) or 0)
        for name in _LINKS:
            await self._link(film_id, name, values.get(name, ()))
        return film_id

    async def update(self, film_id: int, values: Mapping[str, Any]) -> None:
        """Change these columns, and replace these links; `last_update` changes even if only links do."""
        columns = {name: value for name, value in values.items() if name not in _LINKS}
        await self._connection.execute(_UPDATE, {"id_": film_id, **columns})
        for name in _LINKS:
            if name in values:
                await self._connection.execute(_UNLINK[name], {"id_": film_id})
                await self._link(film_id, name, values[name])

    async def has_copies(self, film_id: int) -> bool:
        """Return whether the film has inventory items."""
        return await self._connection.scalar(_HAS_COPIES, {"film_id": film_id}) is not None

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
