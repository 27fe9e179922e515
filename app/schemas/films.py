"""Films on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.models.types import MINUTES, RELEASE_YEARS, Rating
from app.schemas.base import WHOLE, Command, Flag, Id, LongText, Money, Text, TextList, UtcTime, absent, price
from app.schemas.paging import PageQuery, sort_by


class FilmListed(BaseModel):
    """A film as lists show it."""

    id: int
    title: str
    description: str | None
    release_year: int | None
    language_id: int
    language: str
    original_language_id: int | None
    rental_duration: int
    """Days."""
    rental_rate: Money
    length: int | None
    """Minutes."""
    replacement_cost: Money
    rating: Rating | None
    special_features: TextList
    streaming_available: bool
    categories: TextList
    last_update: UtcTime


class FilmRead(FilmListed):
    """A film with its cast."""

    actors: TextList


_Year = Annotated[int, Field(ge=RELEASE_YEARS[0], le=RELEASE_YEARS[1])]
_Minutes = Annotated[int, Field(ge=MINUTES[0], le=MINUTES[1])]


class FilmQuery(PageQuery):
    """Which films; filters that are given must all fit."""

    sort: str | None = sort_by("id", "title", "release_year", "rental_rate", "length")
    category: Text | None = Field(None, description="Part of a category's name, in any case.", examples=["horror"])
    rating: Rating | None = None
    release_year: _Year | None = None
    min_year: _Year | None = None
    max_year: _Year | None = None
    language: Text | None = Field(None, description="Part of a language's name, in any case.", examples=["english"])
    min_length: _Minutes | None = Field(None, description="Minutes.")
    max_length: _Minutes | None = Field(None, description="Minutes.")
    actor: Text | None = Field(None, description="Part of an actor's name, in any case.", examples=["weaver"])
    streaming_available: bool | None = None
    in_stock: bool | None = Field(None, description="Whether some disc of it is not rented out.")
    title: Text | None = Field(None, description="Part of the title, in any case.", examples=["alien"])


def _distinct(ids: list[int]) -> list[int]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("distinct", "must not have the same id twice")
    return ids


_UNIQUE: dict[str, Any] = {"uniqueItems": True}

Year = Annotated[_Year, Field(strict=True), WHOLE]
Days = Annotated[int, Field(ge=1, le=365, strict=True), WHOLE]
Minutes = Annotated[_Minutes, Field(strict=True), WHOLE]
RentalRate = Annotated[Decimal, price("0.01", "99.99")]
ReplacementCost = Annotated[Decimal, price("0.01", "999.99")]
SpecialFeatures = Annotated[list[Text], Field(max_length=50, examples=[["Trailers", "Deleted Scenes"]])]
CategoryIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=50, json_schema_extra=_UNIQUE)]
ActorIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=200, json_schema_extra=_UNIQUE)]


class FilmCreate(Command):
    """A new film; what it leaves out is as in Pagila."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Alien", "language_id": 1, "release_year": 1979, "length": 117}]}
    )

    title: Text
    description: LongText | None = None
    release_year: Year | None = None
    language_id: Id
    original_language_id: Id | None = None
    rental_duration: Days = 3
    rental_rate: RentalRate = Field(Decimal("4.99"), json_schema_extra={"default": 4.99})
    length: Minutes | None = None
    replacement_cost: ReplacementCost = Field(Decimal("19.99"), json_schema_extra={"default": 19.99})
    rating: Rating | None = Rating.G
    special_features: SpecialFeatures | None = None
    streaming_available: Flag = False
    category_ids: CategoryIds = Field([])
    actor_ids: ActorIds = Field([])


class FilmUpdate(Command):
    """What changes of a film; categories and actors are replaced by those given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rental_rate": 2.99, "streaming_available": True}]})

    title: Text = absent()
    description: LongText | None = absent()
    release_year: Year | None = absent()
    language_id: Id = absent()
    original_language_id: Id | None = absent()
    rental_duration: Days = absent()
    rental_rate: RentalRate = absent()
    length: Minutes | None = absent()
    replacement_cost: ReplacementCost = absent()
    rating: Rating | None = absent()
    special_features: SpecialFeatures | None = absent()
    streaming_available: Flag = absent()
    category_ids: CategoryIds = absent()
    actor_ids: ActorIds = absent()


class StoreStock(BaseModel):
    """A film's discs in one store."""

    store_id: int
    copies: int
    in_stock: int


class FilmAvailability(BaseModel):
    """Where a film can be had now."""

    film_id: int
    in_stock: bool
    copies: int
    copies_in_stock: int
    stores: list[StoreStock]
    earliest_due_date: UtcTime | None
    """When the next disc is due back; empty unless all of them are out."""
