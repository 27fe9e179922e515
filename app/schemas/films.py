"""Films on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from app.models.types import Rating
from app.schemas.base import Money, TextList, UtcTime


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
