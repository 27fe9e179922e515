"""Categories on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from app.schemas.base import UtcTime


class CategoryRead(BaseModel):
    """A category and how many films are in it."""

    id: int
    name: str
    film_count: int
    last_update: UtcTime
