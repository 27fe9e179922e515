"""Films found by their text, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.schemas.base import Text
from app.schemas.films import FilmListed
from app.schemas.paging import PageQuery


class FilmFound(FilmListed):
    """A film and how well it fits what was asked for."""

    relevance: float
    """The higher the better; only to be compared within one search."""


class FilmSearchQuery(PageQuery):
    """What to look for; the order is always the same."""

    sort: Literal["-relevance"] = Field("-relevance", description="Best first. Ties are in order of id.")
    q: Text = Field(
        description="Words of titles and descriptions, all of which must be there, in any form of the word; "
        '`"words in quotes"` together, `-word` not at all.',
        examples=["space station"],
    )
