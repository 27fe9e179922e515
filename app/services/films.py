"""Films."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.database.engine import Database
from app.core.errors import FilmNotFound, InUse, InvalidReference
from app.repositories.films import FILMS, FilmRepository
from app.schemas.etags import EntityTags
from app.schemas.films import FilmAvailability, FilmCreate, FilmListed, FilmQuery, FilmRead, FilmUpdate, StoreStock
from app.services.pagination import Page, page


class FilmService:
    """Films, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, film_id: int) -> FilmRead:
        """Return the film; raises FilmNotFound."""
        async with self._database.reading() as connection:
            return await _read(FilmRepository(connection), film_id)

    async def list(self, query: FilmQuery, *, counted: bool = False) -> Page[FilmListed]:
        """Return a page of films."""
        return await page(self._database, FILMS, query, counted=counted)

    async def availability(self, film_id: int) -> FilmAvailability:
        """Return the film's stock, and the next due date if there is none; raises FilmNotFound."""
        async with self._database.reading() as connection:
            rows = await FilmRepository(connection).stock(film_id)
        if not rows:
            raise FilmNotFound(film_id)
        in_stock = sum(row.in_stock for row in rows)
        due_dates = [row.earliest_due_date for row in rows if row.earliest_due_date]
        return FilmAvailability(
            film_id=film_id,
            in_stock=in_stock > 0,
            copies=sum(row.copies for row in rows),
            copies_in_stock=in_stock,
            stores=[
                StoreStock(store_id=row.store_id, copies=row.copies, in_stock=row.in_stock)
                for row in rows
                if row.store_id is not None
            ],
            earliest_due_date=None if in_stock else min(due_dates, default=None),
        )

    async def create(self, command: FilmCreate) -> FilmRead:
        """Add a film; raises InvalidReference."""

        async def work(connection: AsyncConnection) -> FilmRead:
            films, values = FilmRepository(connection), command.model_dump()
            await _require_references(films, values)
            return await _read(films, await films.add(values))

        return await self._database.transaction(work)

    async def update(self, film_id: int, command: FilmUpdate, if_match: EntityTags) -> FilmRead:
        """Change the given fields; raises FilmNotFound, PreconditionFailed, InvalidReference."""

        async def work(connection: AsyncConnection) -> FilmRead:
            films, values = FilmRepository(connection), command.set_fields
            await _lock(films, film_id, if_match)
            if values:
                await _require_references(films, values)
                await films.update(film_id, values)
            return await _read(films, film_id)

        return await self._database.transaction(work)

    async def delete(self, film_id: int, if_match: EntityTags) -> None:
        """Delete the film and its links; raises FilmNotFound, PreconditionFailed, InUse."""

        async def work(connection: AsyncConnection) -> None:
            films = FilmRepository(connection)
            await _lock(films, film_id, if_match)
            if await films.has_copies(film_id):
                raise InUse("inventory")
            await films.delete(film_id)

        await self._database.transaction(work)
        audit("record_deleted", kind="film", id=film_id)


async def _read(films: FilmRepository, film_id: int) -> FilmRead:
    film = await films.find(film_id)
    if film is None:
        raise FilmNotFound(film_id)
    return film


async def _lock(films: FilmRepository, film_id: int, if_match: EntityTags) -> None:
    """Lock the film, and check that it is in the state that the caller has seen."""
    if not await films.lock(film_id):
        raise FilmNotFound(film_id)
    if if_match.value is not None:
        # Read after the lock: the query that waits for the lock may return earlier links.
        if_match.require(await _read(films, film_id))


async def _require_references(films: FilmRepository, values: Mapping[str, Any]) -> None:
    for name, ids in (await films.unknown(values)).items():
        raise InvalidReference(name, *ids)
