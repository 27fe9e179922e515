"""Films on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.models.types import MINUTES, RELEASE_YEARS, Rating
from app.schemas.base import WHOLE, Command, Flag, Id, LongText, Money, Text, TextList, UtcTime, absent, price
from app.schemas.pagination import PageQuery, sort_by


class FilmListed(BaseModel):
    """A film in a list."""

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
    """A film with its actors."""

    actors: TextList


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

Year = Annotated[_Year, Field(strict=True), WHOLE]
Days = Annotated[int, Field(ge=1, le=365, strict=True), WHOLE]
Minutes = Annotated[_Minutes, Field(strict=True), WHOLE]
RentalRate = Annotated[Decimal, price("0.01", "99.99")]
ReplacementCost = Annotated[Decimal, price("0.01", "999.99")]
SpecialFeatures = Annotated[list[Text], Field(max_length=50, examples=[["Trailers", "Deleted Scenes"]])]
CategoryIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=50, json_schema_extra=_UNIQUE)]
ActorIds = Annotated[list[Id], AfterValidator(_distinct), Field(max_length=200, json_schema_extra=_UNIQUE)]


class FilmCreate(Command):
    """A new film; unset fields get Pagila's defaults."""

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
    """Changes to a film; unset fields stay unchanged, `category_ids` and `actor_ids` replace all that it has."""

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
