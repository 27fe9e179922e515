"""Requests and responses about categories."""

from __future__ import annotations

from pydantic import Field

from app.models.categories import CategoryFields
from app.schemas.base import Command, Identified, Text, UtcTime
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class CategoryRead(CategoryFields, Identified):
    """A category with the number of its films."""

    film_count: int
    last_update: UtcTime


class CategoryQuery(PageQuery):
    """Filters of the category list."""

    sort: str | None = sort_by("id", "name")
    name: Text | None = Field(None, description="Part of the name, ignoring case.", examples=["horr"])


class CategoryCreate(CategoryFields, Command):
    """A new category."""


class CategoryUpdate(CategoryCreate):
    """A category's new name."""
