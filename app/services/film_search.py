"""Finding films by their text."""

from __future__ import annotations

from dataclasses import replace

from app.core.database.engine import Database
from app.repositories.film_text_search import SCORED, FilmTextSearchRepository, matching, search_terms
from app.repositories.pagination import count
from app.schemas.film_search import FilmFound, FilmSearchQuery
from app.services.pagination import Page, page


class FilmSearchService:
    """Searches of films, for one request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, query: FilmSearchQuery, *, counted: bool = False) -> Page[FilmFound]:
        """A page of the films whose text matches or, where there are none at all, of those with titles like it."""
        listing, terms = matching(self._database.engine.dialect.name), search_terms(query.q)
        found = await page(self._database, listing, FilmFound, query, within=terms)
        if not found.items and (scores := await self._meant(query.q)):
            found = await page(self._database, SCORED, FilmFound, query, within={"scores": scores})
            return replace(found, total=len(scores)) if counted else found
        if not counted:
            return found
        async with self._database.reading() as connection:
            return replace(found, total=await count(connection, listing, terms))

    async def _meant(self, asked: str) -> dict[int, float]:
        async with self._database.reading() as connection:
            return await FilmTextSearchRepository(connection).meant(asked)
