"""Categories on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.schemas.base import Command, Text, UtcTime
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
    name: Text | None = Field(None, description="Part of the name, in any case.", examples=["horr"])


class CategoryCreate(Command):
    """A new category."""

    name: Text = Field(description="No two categories have the same name, in any case.", examples=["Film Noir"])


class CategoryUpdate(CategoryCreate):
    """What a category is to be."""
