"""Search of films by criteria and by similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.models import Category, Film, FilmActor, FilmCategory, metadata
from app.models.types import Rating
from app.repositories.film_titles import FilmTitleRepository
from app.repositories.films import ACTOR_NAME, FILM, FILMS, in_category, with_actor
from app.repositories.rows import every_model, require_columns
from app.repositories.sql import has_part
from app.repositories.stock import copies, is_out
from app.schemas.films import FilmCard, FilmListed


class FilmSort(str, Enum):
    """Orders of a criteria search."""

    TITLE = "title"
    NEWEST = "newest"
    OLDEST = "oldest"
    SHORTEST = "shortest"
    LONGEST = "longest"
    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"
    COSTLIEST_TO_REPLACE = "costliest_to_replace"


class _FittingFilm(FilmListed):
    total: int


@dataclass(frozen=True)
class Criteria:
    """Criteria of a search, all of which must match; None and () match any film. Minutes, dollars, years.

    Names match by a part, ignoring case. Of `ratings`, one must match.
    """

    categories: tuple[str, ...] = ()
    without_categories: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    without_actors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """In the title or the description."""
    ratings: tuple[Rating, ...] = ()
    without_ratings: tuple[Rating, ...] = ()
    language: str | None = None
    min_year: int | None = None
    max_year: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_rental_rate: Decimal | None = None
    max_rental_rate: Decimal | None = None
    in_stock: bool | None = None
    streaming_available: bool | None = None


CARDS = FILM.add_columns(copies().label("copies"), copies(~is_out()).label("in_stock")).where(
    col(Film.film_id).in_(sa.bindparam("film_ids", expanding=True))
)
require_columns(FilmCard, CARDS)


_ORDERS: dict[FilmSort, sa.SQLColumnExpression[Any]] = {
    FilmSort.TITLE: col(Film.title),
    FilmSort.NEWEST: col(Film.release_year).desc().nulls_last(),
    FilmSort.OLDEST: col(Film.release_year).asc().nulls_last(),
    FilmSort.SHORTEST: col(Film.length).asc().nulls_last(),
    FilmSort.LONGEST: col(Film.length).desc().nulls_last(),
    FilmSort.CHEAPEST: col(Film.rental_rate),
    FilmSort.MOST_EXPENSIVE: col(Film.rental_rate).desc(),
    FilmSort.COSTLIEST_TO_REPLACE: col(Film.replacement_cost).desc(),
}

_FITS = {
    **FILMS.filters,
    "min_rental_rate": col(Film.rental_rate) >= sa.bindparam("min_rental_rate"),
    "max_rental_rate": col(Film.rental_rate) <= sa.bindparam("max_rental_rate"),
    "ratings": col(Film.rating).in_(sa.bindparam("ratings", expanding=True)),
    # Films without a rating match, too.
    "without_ratings": col(Film.rating).is_(None)
    | col(Film.rating).not_in(sa.bindparam("without_ratings", expanding=True)),
}
_FITS_EACH: dict[str, Callable[[str], sa.ColumnElement[bool]]] = {
    "categories": lambda name: in_category(has_part(col(Category.name), name)),
    "without_categories": lambda name: ~in_category(has_part(col(Category.name), name)),
    "actors": lambda name: with_actor(has_part(ACTOR_NAME, name)),
    "without_actors": lambda name: ~with_actor(has_part(ACTOR_NAME, name)),
    "words": lambda name: has_part(col(Film.title) + " " + sa.func.coalesce(col(Film.description), ""), name),
}
"""Conditions of criteria with several values, each for the parameter of one value."""


def require_conditions(criteria: type[Criteria]) -> None:
    """Raise TypeError for a criterion without a condition, which a search would ignore."""
    if missing := {field.name for field in fields(criteria)} - _FITS.keys() - _FITS_EACH.keys() - FILMS.flags.keys():
        raise TypeError(f"{criteria.__name__}: no condition for {', '.join(sorted(missing))}: add it in this module.")


require_conditions(Criteria)


def _shared(table: type[FilmCategory] | type[FilmActor], key: str) -> sa.ScalarSelect[int]:
    """Count the links of `table` that the enclosing query's film shares with the film `film_id`."""
    link = metadata.tables[str(table.__tablename__)]
    own = link.alias()
    return (
        sa.select(sa.func.count())
        .select_from(link.join(own, link.c[key] == own.c[key]))
        .where(link.c.film_id == col(Film.film_id), own.c.film_id == sa.bindparam("film_id"))
        .correlate(Film)
        .scalar_subquery()
    )


_SHARED = _shared(FilmCategory, "category_id") + _shared(FilmActor, "actor_id")
_YEAR = sa.select(col(Film.release_year)).where(col(Film.film_id) == sa.bindparam("film_id")).correlate(None)
_SIMILAR = (
    FILMS.select.where(col(Film.film_id) != sa.bindparam("film_id"), _SHARED > 0)
    .order_by(
        _SHARED.desc(),
        sa.func.abs(col(Film.release_year) - _YEAR.scalar_subquery()).nulls_last(),
        col(Film.film_id),
    )
    .limit(sa.bindparam("limit_", type_=sa.Integer))
)


@lru_cache(maxsize=512)
def _fitting(names: tuple[str, ...], flags: tuple[tuple[str, bool], ...], sort: FilmSort) -> sa.Select[Any]:
    """Select the films that match the criteria of these names, with their total number."""
    fits = [_FITS_EACH[kind](name) if (kind := name.split(":")[0]) in _FITS_EACH else _FITS[name] for name in names]
    fits += [condition for name, wanted in flags if (condition := FILMS.flags[name][not wanted]) is not None]
    return (
        FILMS.select.add_columns(sa.func.count().over().label("total"))
        .where(*fits)
        .order_by(_ORDERS[sort], col(Film.title), col(Film.film_id))
        .limit(sa.bindparam("limit_", type_=sa.Integer))
    )


def _parameters(criteria: Criteria) -> dict[str, Any]:
    """Return the given criteria by the names of their parameters: of several words, the second is "words:1"."""
    given = {name: value for name, value in asdict(criteria).items() if value not in (None, ())}
    return {
        parameter: value
        for name, values in given.items()
        for parameter, value in (
            ((f"{name}:{number}", each) for number, each in enumerate(values))
            if name in _FITS_EACH
            else ((name, list(values) if isinstance(values, tuple) else values),)
        )
    }


class FilmSearchRepository(FilmTitleRepository):
    """Searches films by title, by criteria and by similarity, and reads their cards."""

    async def cards(self, film_ids: Sequence[int]) -> list[FilmCard]:
        """Return the cards of these films, in this order, without unknown ids."""
        if not film_ids:
            return []
        found = {
            card.id: card for card in await every_model(self._connection, CARDS, FilmCard, film_ids=list(film_ids))
        }
        return [found[film_id] for film_id in film_ids if film_id in found]

    async def find(self, criteria: Criteria, *, sort: FilmSort, limit: int) -> tuple[int, Sequence[FilmListed]]:
        """Return the number of films that match, and the first `limit` of them."""
        given = _parameters(criteria)
        flags = tuple((name, given.pop(name)) for name in FILMS.flags if name in given)
        query = _fitting(tuple(given), flags, sort)
        found = await every_model(self._connection, query, _FittingFilm, **given, limit_=limit)
        return (found[0].total if found else 0), found

    async def similar(self, film_id: int, *, limit: int) -> Sequence[FilmListed]:
        """Return the films that share the most categories and actors with this one, the nearest in year first."""
        return await every_model(self._connection, _SIMILAR, FilmListed, film_id=film_id, limit_=limit)
