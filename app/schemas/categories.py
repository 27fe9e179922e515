"""Categories on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.schemas.base import Command, Text, UtcTime
from app.schemas.pagination import PageQuery, sort_by


class CategoryRead(BaseModel):
    """A category with the number of its films."""

    id: int
    name: str
    film_count: int
    last_update: UtcTime


class CategoryQuery(PageQuery):
    """Filters of the category list."""

    sort: str | None = sort_by("id", "name")
    name: Text | None = Field(None, description="Part of the name, ignoring case.", examples=["horr"])


class CategoryCreate(Command):
    """A new category."""

    name: Text = Field(description="Unique, ignoring case.", examples=["Film Noir"])


class CategoryUpdate(CategoryCreate):
    """A category's new name."""
