"""/api/v1/films"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.deps import FilmServiceDep, Id
from app.api.pages import PAGE, Prefer, counted, page_response
from app.api.problems import responses
from app.api.representations import READ, IfNoneMatch, represent
from app.schemas.films import FilmListed, FilmQuery, FilmRead

router = APIRouter(prefix="/films", tags=["films"])


@router.get("", operation_id="list_films", response_model=list[FilmListed], responses=PAGE | responses(422, 503))
async def list_films(
    request: Request, films: FilmServiceDep, query: Annotated[FilmQuery, Query()], prefer: Prefer = None
) -> Response:
    """Films, by id unless sorted otherwise."""
    return page_response(request, await films.list(query, counted=counted(prefer)), FilmListed)


@router.get("/{film_id}", operation_id="get_film", response_model=FilmRead, responses=READ | responses(404, 422, 503))
async def get_film(films: FilmServiceDep, film_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """One film with its categories and cast."""
    return represent(await films.get(film_id), if_none_match=if_none_match)
