"""Categories on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from app.schemas.base import UtcTime
from app.schemas.paging import PageQuery, sort_by


class CategoryRead(BaseModel):
    """A category and how many films are in it."""

    id: int
    name: str
    film_count: int
    last_update: UtcTime


class CategoryQuery(PageQuery):
    """Which categories."""

    sort: str | None = sort_by("id", "name")
