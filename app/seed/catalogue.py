"""The films of the sample store: real titles, with true facts, from `catalogue.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources

from app.models.types import Rating


@dataclass(frozen=True)
class CatalogueFilm:
    """A film's facts, without the store's rental terms. `length` is in minutes."""

    title: str
    year: int
    length: int
    rating: Rating
    categories: tuple[str, ...]
    actors: tuple[str, ...]
    language: str
    rental_rate: Decimal
    description: str


def read_catalogue() -> list[CatalogueFilm]:
    """Return the catalogue in the order of the file, which is the order of film ids."""
    text = resources.files("app.seed").joinpath("catalogue.json").read_text(encoding="utf-8")
    return [
        CatalogueFilm(
            title=entry["title"],
            year=entry["year"],
            length=entry["length"],
            rating=Rating(entry["rating"]),
            categories=tuple(entry["categories"]),
            actors=tuple(entry["actors"]),
            language=entry["language"],
            rental_rate=entry["rental_rate"],
            description=entry["description"],
        )
        for entry in json.loads(text, parse_float=Decimal)
    ]
