"""/api/v1/films"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import PUBLIC, GuardedRoute, staff
from app.api.deps import FilmServiceDep, Id
from app.api.etags import CREATED, READ, TAGGED, IfMatch, IfNoneMatch, location_of, tagged_response
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.films import FilmAvailability, FilmCreate, FilmListed, FilmQuery, FilmRead, FilmUpdate

router = APIRouter(prefix="/api/v1/films", tags=["films"], route_class=GuardedRoute)


@router.get("", operation_id="list_films", dependencies=[PUBLIC], **paginated(FilmListed, FilmQuery))
async def list_films(
    films: FilmServiceDep, page: Annotated[PageRequest[FilmQuery], Depends(page_request(FilmQuery))]
) -> Response:
    """List films; by default in order of id."""
    return page.answer(await films.list(page.query, counted=page.counted), FilmListed)


@router.get(
    "/{film_id}",
    operation_id="get_film",
    dependencies=[PUBLIC],
    response_model=FilmRead,
    responses=READ | responses(404, 422, 503),
)
async def get_film(films: FilmServiceDep, film_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """Return a film with its categories and actors."""
    return tagged_response(await films.get(film_id), if_none_match=if_none_match)


@router.post(
    "",
    operation_id="create_film",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=201,
    response_model=FilmRead,
    responses=CREATED | responses(413, 422, 503),
)
async def create_film(request: Request, films: FilmServiceDep, command: FilmCreate) -> Response:
    """Add a film."""
    created = await films.create(command)
    return tagged_response(created, status=201, location=location_of(request, created.id))


_CHANGES: dict[str, Any] = {
    "dependencies": [staff(Scope.CATALOGUE_WRITE)],
    "response_model": FilmRead,
    "responses": TAGGED | responses(404, 412, 413, 422, 503),
}
"""Route options of PUT and PATCH, which do the same."""


@router.put("/{film_id}", operation_id="replace_film", **_CHANGES)
@router.patch("/{film_id}", operation_id="update_film", **_CHANGES)
async def update_film(films: FilmServiceDep, film_id: Id, command: FilmUpdate, if_match: IfMatch) -> Response:
    """Change the given fields. PUT and PATCH do the same."""
    return tagged_response(await films.update(film_id, command, if_match))


@router.delete(
    "/{film_id}",
    operation_id="delete_film",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=204,
    responses=responses(404, 409, 412, 422, 503),
)
async def delete_film(films: FilmServiceDep, film_id: Id, if_match: IfMatch) -> None:
    """Delete a film; 409 if it has inventory items."""
    await films.delete(film_id, if_match)


@router.get(
    "/{film_id}/availability",
    operation_id="get_film_availability",
    dependencies=[PUBLIC],
    responses=responses(404, 422, 503),
)
async def get_film_availability(films: FilmServiceDep, film_id: Id) -> FilmAvailability:
    """Return a film's inventory in each store and, if every item is rented out, the next due date."""
    return await films.availability(film_id)
