"""/api/v1/films"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.deps import FilmServiceDep, Id, Limit, Skip
from app.api.problems import responses
from app.schemas.base import Text
from app.schemas.films import FilmListed, FilmRead

router = APIRouter(prefix="/films", tags=["films"])

CategoryFilter = Annotated[
    Text | None,
    Query(description="Part of a category's name, in any case.", examples=["horror"]),
]


@router.get("", operation_id="list_films", responses=responses(422, 503))
async def list_films(
    films: FilmServiceDep, skip: Skip = 0, limit: Limit = 100, category: CategoryFilter = None
) -> list[FilmListed]:
    """Films by id."""
    return await films.list(skip=skip, limit=limit, category=category)


@router.get("/{film_id}", operation_id="get_film", responses=responses(404, 422, 503))
async def get_film(films: FilmServiceDep, film_id: Id) -> FilmRead:
    """One film with its categories and cast."""
    return await films.get(film_id)
