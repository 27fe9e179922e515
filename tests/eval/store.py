"""The facts of the store's films, for checking answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.core.database.engine import Database
from app.models import Film
from app.repositories.film_search import FilmSearchRepository
from app.schemas.films import FilmCard

Row = Mapping[str, Any]
_BOUNDS = {"years": "release_year", "length": "length_minutes", "price": "rental_rate"}
_SORTS = {"price": "rental_rate", "length": "length_minutes", "year": "release_year", "replacement": "replacement_cost"}


def _fact_row(card: FilmCard) -> Row:
    """Return a film with the field names of tool results."""
    names = {"id": "film_id", "length": "length_minutes", "rental_duration": "rental_duration_days"}
    return {names.get(name, name): value for name, value in card}


class StoreFacts:
    """All films with all that the catalogue records."""

    def __init__(self, films: list[Row]) -> None:
        self.films = films

    @classmethod
    async def read(cls, database: Database) -> StoreFacts:
        """Read every film of the store."""
        async with database.reading() as connection:
            ids = (await connection.scalars(sa.select(col(Film.film_id)))).all()
            return cls(
                [_fact_row(card) for card in await FilmSearchRepository(connection).cards([id_ for id_ in ids if id_])]
            )

    def named(self, title: str) -> list[Row]:
        """Return the films with exactly this title."""
        return [film for film in self.films if film["title"] == title]

    def fitting(self, criteria: Mapping[str, Any]) -> list[Row]:
        """Return the films that fit all the criteria, by a reading of their own of what each means."""
        return [film for film in self.films if all(self._fits(film, key, wanted) for key, wanted in criteria.items())]

    def extreme(self, criteria: Mapping[str, Any]) -> list[Row]:
        """Return the films, of those that fit, that no other is longer than, older than and so on."""
        rules = dict(criteria)
        key, reverse = _SORTS[rules.pop("sort")], rules.pop("reverse", False)
        films = [film for film in self.fitting(rules) if film[key] is not None]
        best = (max if reverse else min)(film[key] for film in films)
        return [film for film in films if film[key] == best]

    def _fits(self, film: Row, key: str, wanted: Any) -> bool:
        negated, name = key.startswith("not_"), key.removeprefix("not_")
        return self._has(film, name, wanted) != negated

    def _has(self, film: Row, name: str, wanted: Any) -> bool:
        values = wanted if isinstance(wanted, list) else [wanted]
        if name in _BOUNDS:
            known = film[_BOUNDS[name]]
            return known is not None and bool(values[0] <= float(known) <= values[1])
        if name == "like":
            (other,) = self.named(str(wanted))
            return any(set(film[key] or ()) & set(other[key] or ()) for key in ("categories", "actors"))
        if name == "words":
            return all(word in f"{film['title']} {film['description']}".lower() for word in values)
        if name in ("streaming", "in_stock"):
            return bool(film["streaming_available" if name == "streaming" else name]) is bool(wanted)
        if name in ("rating", "language"):
            return film[name] in values
        return self._is_among(film["categories" if name == "category" else "actors"] or (), name, values)

    @staticmethod
    def _is_among(known: Any, name: str, values: list[str]) -> bool:
        """Every actor must play; any category will do."""
        return (all if name == "actor" else any)(value in known for value in values)
