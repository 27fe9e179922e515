"""/api/v1/films/search"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.access import PUBLIC
from app.api.deps import FilmSearchServiceDep
from app.api.pages import Asked, asks, lists
from app.schemas.film_search import FilmFound, FilmSearchQuery

router = APIRouter(prefix="/api/v1/films", tags=["films"])


@router.get("/search", operation_id="search_films", dependencies=[PUBLIC], **lists(FilmFound, FilmSearchQuery))
async def search_films(
    films: FilmSearchServiceDep, asked: Annotated[Asked[FilmSearchQuery], Depends(asks(FilmSearchQuery))]
) -> Response:
    """Search titles and descriptions, best match first; if no film matches, return films with similar titles."""
    return asked.answer(await films.search(asked.query, counted=asked.counted), FilmFound)
