"""Actors, how many films each has, and which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Actor, Film, FilmActor
from app.repositories.films import ACTOR_NAME, FILMS
from app.repositories.pagination import Int, PaginatedSelect, Row, SortKey, Str, first
from app.repositories.sql import has_part

_FILM_COUNT = (
    sa.select(sa.func.count())
    .select_from(FilmActor)
    .where(col(FilmActor.actor_id) == col(Actor.actor_id))
    .correlate(Actor)
    .scalar_subquery()
)
_COLUMNS: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Actor.actor_id).label("id"),
    col(Actor.first_name),
    col(Actor.last_name),
    col(Actor.last_update),
)
_COUNTED = sa.select(*_COLUMNS, _FILM_COUNT.label("film_count"))
_THIS = col(Actor.actor_id) == sa.bindparam("id_")

ACTORS = PaginatedSelect(
    _COUNTED,
    sorts={
        "id": SortKey(col(Actor.actor_id), Int),
        "last_name": SortKey(col(Actor.last_name), Str),
        "first_name": SortKey(col(Actor.first_name), Str),
    },
    filters={"name": has_part(ACTOR_NAME, "name")},
)

FILMS_OF_ACTOR = replace(
    FILMS,
    filters={
        **FILMS.filters,
        "actor_id": col(Film.film_id).in_(
            sa.select(col(FilmActor.film_id)).where(col(FilmActor.actor_id) == sa.bindparam("actor_id"))
        ),
    },
)
"""Films as the catalogue lists them, with a filter for one actor's."""

_ONE = _COUNTED.where(_THIS)
_LOCK = sa.select(col(Actor.actor_id)).where(_THIS).with_for_update()
_HAS_FILMS = sa.select(sa.exists().where(col(FilmActor.actor_id) == sa.bindparam("id_")))
_ADD = sa.insert(Actor).returning(*_COLUMNS, sa.literal_column("0").label("film_count"))
_RENAME = sa.update(Actor).where(_THIS)
_DELETE = sa.delete(Actor).where(_THIS)


class ActorRepository:
    """Reads and writes actors."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, actor_id: int) -> Row | None:
        """The actor with the `film_count`, or None."""
        return await first(self._connection, _ONE, id_=actor_id)

    async def lock(self, actor_id: int) -> bool:
        """Whether it exists; then no film can name this actor anew before this transaction ends."""
        return await first(self._connection, _LOCK, id_=actor_id) is not None

    async def has_films(self, actor_id: int) -> bool:
        """Whether the actor plays in a film."""
        return bool(await self._connection.scalar(_HAS_FILMS, {"id_": actor_id}))

    async def add(self, first_name: str, last_name: str) -> Row | None:
        """The new actor, as `find` has it."""
        return await first(self._connection, _ADD, first_name=first_name, last_name=last_name)

    async def rename(self, actor_id: int, first_name: str, last_name: str) -> None:
        """Give the actor, if there is one, this name."""
        await self._connection.execute(_RENAME, {"id_": actor_id, "first_name": first_name, "last_name": last_name})

    async def delete(self, actor_id: int) -> None:
        """Remove the actor."""
        await self._connection.execute(_DELETE, {"id_": actor_id})
