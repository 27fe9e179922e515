"""Films in bulk: added in batches, read in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.models import Actor, Category, Film, FilmActor, FilmCategory, Language
from app.repositories.films import ACTOR_NAME, LANGUAGE_NAME, actor_names, category_names
from app.repositories.rows import columns_of, every_model
from app.schemas.film_files import FilmExported

Named = Iterable[tuple[int, str]]
"""Ids with names, in the order of ids."""


@dataclass(frozen=True)
class NewFilm:
    """A film to be added: its columns, and the ids of its categories and actors."""

    values: dict[str, object]
    category_ids: list[int]
    actor_ids: list[int]


_LANGUAGES = sa.select(col(Language.language_id), LANGUAGE_NAME).order_by(col(Language.language_id))
_CATEGORIES = sa.select(col(Category.category_id), col(Category.name)).order_by(col(Category.category_id))
_ACTORS = sa.select(col(Actor.actor_id), ACTOR_NAME).order_by(col(Actor.actor_id))

_HIGHEST = sa.select(sa.func.coalesce(sa.func.max(col(Film.film_id)), 0))
_NEXT = sa.select(sa.func.nextval(sa.cast("film_film_id_seq", postgresql.REGCLASS))).select_from(
    sa.func.generate_series(1, sa.bindparam("count_", type_=sa.Integer))
)
_ADD = sa.insert(Film)
_ADD_CATEGORIES = sa.insert(FilmCategory)
_ADD_ACTORS = sa.insert(FilmActor)

_original = aliased(Language)
_AFTER = (
    sa.select(
        *columns_of(
            FilmExported,
            Film,
            id=col(Film.film_id),
            language=LANGUAGE_NAME,
            original_language=sa.func.rtrim(col(_original.name)),
            categories=category_names(),
            actors=actor_names(),
        )
    )
    .join(Language, col(Language.language_id) == col(Film.language_id))
    .outerjoin(_original, col(_original.language_id) == col(Film.original_language_id))
    .where(col(Film.film_id) > sa.bindparam("film_id"))
    .order_by(col(Film.film_id))
    .limit(sa.bindparam("limit_", type_=sa.Integer))
)


class FilmFileRepository:
    """Adds and reads films by the hundred."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def languages(self) -> Named:
        """Return every language."""
        return await self._named(_LANGUAGES)

    async def categories(self) -> Named:
        """Return every category."""
        return await self._named(_CATEGORIES)

    async def actors(self) -> Named:
        """Return every actor, as "First Last"."""
        return await self._named(_ACTORS)

    async def add(self, films: Sequence[NewFilm]) -> None:
        """Add the films in this order, with their categories and actors: one statement for each table."""
        if not films:
            return
        numbered = list(zip(await self._free_ids(len(films)), films, strict=True))
        await self._connection.execute(_ADD, [{"film_id": number, **film.values} for number, film in numbered])
        categories = [{"film_id": number, "category_id": id_} for number, film in numbered for id_ in film.category_ids]
        actors = [{"film_id": number, "actor_id": id_} for number, film in numbered for id_ in film.actor_ids]
        for statement, links in ((_ADD_CATEGORIES, categories), (_ADD_ACTORS, actors)):
            if links:
                await self._connection.execute(statement, links)

    async def after(self, film_id: int, limit: int) -> Sequence[FilmExported]:
        """Return the films with the next higher ids."""
        return await every_model(self._connection, _AFTER, FilmExported, film_id=film_id, limit_=limit)

    async def _free_ids(self, count: int) -> Sequence[int]:
        """Reserve ids for new films, so that films and links are each added with one statement."""
        if self._connection.dialect.name == "postgresql":
            return sorted((await self._connection.execute(_NEXT, {"count_": count})).scalars())
        # SQLite has one writer at a time.
        highest = int(await self._connection.scalar(_HIGHEST) or 0)
        return range(highest + 1, highest + 1 + count)

    async def _named(self, query: sa.Executable) -> Named:
        return [(row[0], row[1]) for row in await self._connection.execute(query)]
