"""Categories on the wire."""

from __future__ import annotations

from app.schemas.base import ReadModel, UtcTime


class CategoryRead(ReadModel):
    """A category and how many films are in it."""

    id: int
    name: str
    film_count: int
    last_update: UtcTime
