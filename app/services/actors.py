"""Actors."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.database.engine import Database
from app.core.errors import ActorNotFound, InUse
from app.repositories.actors import ACTORS, FILMS_OF_ACTOR, ActorRepository
from app.schemas.actors import ActorCreate, ActorQuery, ActorRead, ActorUpdate
from app.schemas.films import FilmListed, FilmQuery
from app.services.pagination import Page, page


class ActorService:
    """Actors, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, actor_id: int) -> ActorRead:
        """Return the actor; raises ActorNotFound."""
        async with self._database.reading() as connection:
            actor = await ActorRepository(connection).find(actor_id)
        if actor is None:
            raise ActorNotFound(actor_id)
        return actor

    async def list(self, query: ActorQuery, *, counted: bool = False) -> Page[ActorRead]:
        """Return a page of actors."""
        return await page(self._database, ACTORS, query, counted=counted)

    async def films(self, actor_id: int, query: FilmQuery, *, counted: bool = False) -> Page[FilmListed]:
        """Return a page of the actor's films; raises ActorNotFound."""
        found = await page(self._database, FILMS_OF_ACTOR, query, counted=counted, within={"actor_id": actor_id})
        if not found.items:
            await self.get(actor_id)
        return found

    async def create(self, command: ActorCreate) -> ActorRead:
        """Add an actor."""

        async def work(connection: AsyncConnection) -> ActorRead:
            return await ActorRepository(connection).add(command.first_name, command.last_name)

        return await self._database.transaction(work)

    async def replace(self, actor_id: int, command: ActorUpdate) -> ActorRead:
        """Rename the actor; raises ActorNotFound."""

        async def work(connection: AsyncConnection) -> ActorRead:
            actors = ActorRepository(connection)
            await actors.rename(actor_id, command.first_name, command.last_name)
            actor = await actors.find(actor_id)
            if actor is None:
                raise ActorNotFound(actor_id)
            return actor

        return await self._database.transaction(work)

    async def delete(self, actor_id: int) -> None:
        """Delete the actor; raises ActorNotFound, InUse when the actor has films."""

        async def work(connection: AsyncConnection) -> None:
            actors = ActorRepository(connection)
            if not await actors.lock(actor_id):
                raise ActorNotFound(actor_id)
            if await actors.has_films(actor_id):
                raise InUse("film")
            await actors.delete(actor_id)

        await self._database.transaction(work)
        audit("record_deleted", kind="actor", id=actor_id)
