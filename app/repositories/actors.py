"""Actors, with the number of their films."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Actor, Film, FilmActor
from app.repositories.films import ACTOR_NAME, FILMS
from app.repositories.pagination import Int, PaginatedSelect, SortKey, Str
from app.repositories.rows import columns_of, first, one
from app.repositories.sql import has_part
from app.schemas.actors import ActorQuery, ActorRead

_FILM_COUNT = (
    sa.select(sa.func.count())
    .select_from(FilmActor)
    .where(col(FilmActor.actor_id) == col(Actor.actor_id))
    .correlate(Actor)
    .scalar_subquery()
)
_COUNTED = sa.select(*columns_of(ActorRead, Actor, id=col(Actor.actor_id), film_count=_FILM_COUNT))
_THIS = col(Actor.actor_id) == sa.bindparam("id_")

ACTORS = PaginatedSelect(
    ActorRead,
    _COUNTED,
    sorts={
        "id": SortKey(col(Actor.actor_id), Int),
        "last_name": SortKey(col(Actor.last_name), Str),
        "first_name": SortKey(col(Actor.first_name), Str),
    },
    filters={"name": has_part(ACTOR_NAME, "name")},
    queries=(ActorQuery,),
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
"""FILMS with a filter by actor."""

_ONE = _COUNTED.where(_THIS)
_LOCK = sa.select(col(Actor.actor_id)).where(_THIS).with_for_update()
_HAS_FILMS = sa.select(sa.exists().where(col(FilmActor.actor_id) == sa.bindparam("id_")))
_ADD = sa.insert(Actor).returning(
    *columns_of(ActorRead, Actor, id=col(Actor.actor_id), film_count=sa.literal_column("0"))
)
_RENAME = sa.update(Actor).where(_THIS)
_DELETE = sa.delete(Actor).where(_THIS)


class ActorRepository:
    """Reads and writes actors."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, actor_id: int) -> ActorRead | None:
        """Return the actor, or None."""
        return await first(self._connection, _ONE, ActorRead, id_=actor_id)

    async def lock(self, actor_id: int) -> bool:
        """Lock the actor against new references from films until this transaction ends; return whether it exists."""
        return await self._connection.scalar(_LOCK, {"id_": actor_id}) is not None

    async def has_films(self, actor_id: int) -> bool:
        """Return whether the actor plays in a film."""
        return bool(await self._connection.scalar(_HAS_FILMS, {"id_": actor_id}))

    async def add(self, first_name: str, last_name: str) -> ActorRead:
        """Add an actor and return it."""
        return await one(self._connection, _ADD, ActorRead, first_name=first_name, last_name=last_name)

    async def rename(self, actor_id: int, first_name: str, last_name: str) -> None:
        """Rename the actor, if it exists."""
        await self._connection.execute(_RENAME, {"id_": actor_id, "first_name": first_name, "last_name": last_name})

    async def delete(self, actor_id: int) -> None:
        """Delete the actor."""
        await self._connection.execute(_DELETE, {"id_": actor_id})
