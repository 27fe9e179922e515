"""Films on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.models.types import Rating
from app.schemas.base import Money, Text, TextList, UtcTime
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


class FilmQuery(PageQuery):
    """Which films; filters that are given must all fit."""

    sort: str | None = sort_by("id", "title", "release_year", "rental_rate", "length")
    category: Text | None = Field(None, description="Part of a category's name, in any case.", examples=["horror"])
    rating: Rating | None = None
    release_year: int | None = Field(None, ge=1901, le=2155)
    min_year: int | None = Field(None, ge=1901, le=2155)
    max_year: int | None = Field(None, ge=1901, le=2155)
    language: Text | None = Field(None, description="Part of a language's name, in any case.", examples=["english"])
    min_length: int | None = Field(None, ge=1, le=32767, description="Minutes.")
    max_length: int | None = Field(None, ge=1, le=32767, description="Minutes.")
    actor: Text | None = Field(None, description="Part of an actor's name, in any case.", examples=["weaver"])
    streaming_available: bool | None = None
    in_stock: bool | None = Field(None, description="Whether some disc of it is not rented out.")
    title: Text | None = Field(None, description="Part of the title, in any case.", examples=["alien"])
