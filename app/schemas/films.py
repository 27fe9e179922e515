"""Requests and responses about films."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.models.films import FilmFields
from app.models.types import MINUTES, RELEASE_YEARS, Rating
from app.schemas.base import Command, Id, Identified, Text, TextList, UtcTime
from app.schemas.derived import read_model, update_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class FilmListed(FilmFields, Identified):
    """A film in a list."""

    language: str
    categories: TextList
    last_update: UtcTime


class FilmRead(FilmListed):
    """A film with its actors."""

    actors: TextList


class FilmCard(FilmRead):
    """A film with its stock, in the form of tool results."""

    copies: int
    in_stock: int


_Year = Annotated[int, Field(ge=RELEASE_YEARS[0], le=RELEASE_YEARS[1])]
_Minutes = Annotated[int, Field(ge=MINUTES[0], le=MINUTES[1])]


class FilmQuery(PageQuery):
    """Filters of the film list; all given filters must match."""

    sort: str | None = sort_by("id", "title", "release_year", "rental_rate", "length")
    category: Text | None = Field(None, description="Part of a category's name, ignoring case.", examples=["horror"])
    rating: Rating | None = None
    release_year: _Year | None = None
    min_year: _Year | None = None
    max_year: _Year | None = None
    language: Text | None = Field(None, description="Part of a language's name, ignoring case.", examples=["english"])
    min_length: _Minutes | None = Field(None, description="Minutes.")
    max_length: _Minutes | None = Field(None, description="Minutes.")
    actor: Text | None = Field(None, description="Part of an actor's name, ignoring case.", examples=["weaver"])
    streaming_available: bool | None = None
    in_stock: bool | None = Field(None, description="Whether an inventory item of the film is in stock.")
    title: Text | None = Field(None, description="Part of the title, ignoring case.", examples=["alien"])


def _distinct(ids: list[int]) -> list[int]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("distinct", "must not contain the same id twice")
    return ids


_UNIQUE: dict[str, Any] = {"uniqueItems": True}

CategoryIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=50, json_schema_extra=_UNIQUE)]
ActorIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=200, json_schema_extra=_UNIQUE)]


class FilmCreate(FilmFields, Command):
    """A new film; unset fields get Pagila's defaults."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Alien", "language_id": 1, "release_year": 1979, "length": 117}]}
    )

    category_ids: CategoryIds = Field([])
    actor_ids: ActorIds = Field([])


@update_model
class FilmUpdate(FilmCreate):
    """Changes to a film; unset fields stay unchanged, `category_ids` and `actor_ids` replace all that it has."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rental_rate": 2.99, "streaming_available": True}]})


class StoreStock(BaseModel):
    """A film's inventory in one store."""

    store_id: int
    copies: int
    in_stock: int


class FilmAvailability(BaseModel):
    """A film's inventory in all stores."""

    film_id: int
    in_stock: bool
    copies: int
    copies_in_stock: int
    stores: list[StoreStock]
    earliest_due_date: UtcTime | None
    """When the next inventory item is due back; null unless all are rented out."""
