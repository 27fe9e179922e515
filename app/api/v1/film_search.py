"""/api/v1/films/search"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.authorization import PUBLIC, GuardedRoute
from app.api.deps import FilmSearchServiceDep
from app.api.pagination import PageRequest, page_request, paginated
from app.schemas.film_search import FilmFound, FilmSearchQuery

router = APIRouter(prefix="/api/v1/films", tags=["films"], route_class=GuardedRoute)


@router.get("/search", operation_id="search_films", dependencies=[PUBLIC], **paginated(FilmFound, FilmSearchQuery))
async def search_films(
    films: FilmSearchServiceDep, page: Annotated[PageRequest[FilmSearchQuery], Depends(page_request(FilmSearchQuery))]
) -> Response:
    """Search titles and descriptions, best match first; if no film matches, return films with similar titles."""
    return page.answer(await films.search(page.query, counted=page.counted), FilmFound)
