"""What can be asked of the catalogue."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import FilmNotFound
from app.repositories.films import FilmRepository
from app.schemas.films import FilmListed, FilmRead


class FilmService:
    """Films, for one request."""

    def __init__(self, session: AsyncSession) -> None:
        self._films = FilmRepository(session)

    async def get(self, film_id: int) -> FilmRead:
        """The film; raises FilmNotFound."""
        film = await self._films.find(film_id)
        if film is None:
            raise FilmNotFound(film_id)
        return FilmRead.model_validate(dict(film))

    async def list(self, *, skip: int, limit: int, category: str | None) -> list[FilmListed]:
        """A page of films by id."""
        films = await self._films.list(skip=skip, limit=limit, category=category)
        return [FilmListed.model_validate(dict(film)) for film in films]
