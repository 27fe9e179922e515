"""Requests and responses of the full-text search of films."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Text
from app.schemas.films import FilmListed
from app.schemas.pagination import PageQuery, SortNames


class FilmFound(FilmListed):
    """A film with its relevance to the search."""

    relevance: float
    """Higher is better; comparable only within one search."""


class FilmSearchQuery(PageQuery):
    """The search text; results are always sorted by relevance."""

    sort: Annotated[Literal["-relevance"], SortNames(("relevance",))] = Field(
        "-relevance", description="Best match first; ties are in order of id."
    )
    q: Text = Field(
        description="Words that must all occur in title or description, in any inflection; "
        '`"quoted words"` must occur together, `-word` must not occur.',
        examples=["space station"],
    )
