"""What can be asked of the catalogue."""

from __future__ import annotations

from app.core.db import Database
from app.core.errors import FilmNotFound
from app.repositories.films import FILMS, FilmRepository
from app.schemas.films import FilmListed, FilmQuery, FilmRead
from app.services.paging import Page, page


class FilmService:
    """Films, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, film_id: int) -> FilmRead:
        """The film; raises FilmNotFound."""
        async with self._database.reading() as connection:
            film = await FilmRepository(connection).find(film_id)
        if film is None:
            raise FilmNotFound(film_id)
        return FilmRead.model_validate(film)

    async def list(self, query: FilmQuery, *, counted: bool = False) -> Page[FilmListed]:
        """A page of films."""
        return await page(self._database, FILMS, FilmListed, query, counted=counted)
