"""Full-text search of films."""

from __future__ import annotations

from dataclasses import replace

from app.core.database.engine import Database
from app.repositories.film_text_search import SCORED, FilmTextSearchRepository, matching, search_terms
from app.repositories.pagination import count
from app.schemas.film_search import FilmFound, FilmSearchQuery
from app.services.pagination import Page, filtered_page


class FilmSearchService:
    """Searches of films, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, query: FilmSearchQuery, *, counted: bool = False) -> Page[FilmFound]:
        """Return a page of the films whose text matches; if no film matches, of those with similar titles."""
        dialect = self._database.engine.dialect.name
        source, terms = matching(dialect), search_terms(query.q, dialect)
        found = await filtered_page(self._database, source, query, terms)
        if not found.items and (scores := await self._meant(query.q)):
            found = await filtered_page(self._database, SCORED, query, {"scores": scores})
            return replace(found, total=len(scores)) if counted else found
        if not counted:
            return found
        async with self._database.reading() as connection:
            return replace(found, total=await count(connection, source, terms))

    async def _meant(self, asked: str) -> dict[int, float]:
        async with self._database.reading() as connection:
            return await FilmTextSearchRepository(connection).meant(asked)
