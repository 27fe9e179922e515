"""/api/v1/actors, and an actor's films"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.authorization import PUBLIC, GuardedRoute, staff
from app.api.deps import ActorServiceDep, Id
from app.api.etags import LOCATED, location_of
from app.api.pagination import PageRequest, page_request, paginated
from app.api.problems import responses
from app.core.auth.identity import Scope
from app.schemas.actors import ActorCreate, ActorQuery, ActorRead, ActorUpdate
from app.schemas.films import FilmListed, FilmQuery

router = APIRouter(prefix="/api/v1/actors", tags=["actors"], route_class=GuardedRoute)


@router.get("", operation_id="list_actors", dependencies=[PUBLIC], **paginated(ActorRead, ActorQuery))
async def list_actors(
    actors: ActorServiceDep, page: Annotated[PageRequest[ActorQuery], Depends(page_request(ActorQuery))]
) -> Response:
    """List actors with the number of their films; by default in order of id."""
    return page.answer(await actors.list(page.query, counted=page.counted), ActorRead)


@router.post(
    "",
    operation_id="create_actor",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=201,
    responses=LOCATED | responses(413, 422, 503),
)
async def create_actor(
    request: Request, response: Response, actors: ActorServiceDep, command: ActorCreate
) -> ActorRead:
    """Add an actor."""
    created = await actors.create(command)
    response.headers["Location"] = location_of(request, created.id)
    return created


@router.get("/{actor_id}", operation_id="get_actor", dependencies=[PUBLIC], responses=responses(404, 422, 503))
async def get_actor(actors: ActorServiceDep, actor_id: Id) -> ActorRead:
    """Return an actor with the number of their films."""
    return await actors.get(actor_id)


@router.get(
    "/{actor_id}/films", operation_id="list_actor_films", dependencies=[PUBLIC], **paginated(FilmListed, FilmQuery, 404)
)
async def list_actor_films(
    actors: ActorServiceDep, actor_id: Id, page: Annotated[PageRequest[FilmQuery], Depends(page_request(FilmQuery))]
) -> Response:
    """List the films of an actor, with the filters of the film list."""
    return page.answer(await actors.films(actor_id, page.query, counted=page.counted), FilmListed)


@router.put(
    "/{actor_id}",
    operation_id="replace_actor",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    responses=responses(404, 413, 422, 503),
)
async def replace_actor(actors: ActorServiceDep, actor_id: Id, command: ActorUpdate) -> ActorRead:
    """Change an actor's name."""
    return await actors.replace(actor_id, command)


@router.delete(
    "/{actor_id}",
    operation_id="delete_actor",
    dependencies=[staff(Scope.CATALOGUE_WRITE)],
    status_code=204,
    responses=responses(404, 409, 422, 503),
)
async def delete_actor(actors: ActorServiceDep, actor_id: Id) -> None:
    """Delete an actor; 409 if the actor plays in a film."""
    await actors.delete(actor_id)
