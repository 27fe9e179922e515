"""Films as the catalogue shows them: one query each, categories and actors included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.models import Actor, Category, Film, FilmActor, FilmCategory, Language
from app.repositories.listing import Int, Listing, Row, SortKey, first
from app.repositories.sql import has_part, text_list
from app.repositories.stock import is_in_stock


def category_names() -> sa.ScalarSelect[list[str]]:
    """The names of the enclosing query's film's categories, in alphabetical order."""
    names = (
        sa.select(col(Category.name).label("name"))
        .join(FilmCategory, col(FilmCategory.category_id) == col(Category.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id))
        .order_by(col(Category.name))
        .correlate(Film)
        .subquery()
    )
    return sa.select(text_list(names.c.name)).scalar_subquery()


def actor_names() -> sa.ScalarSelect[list[str]]:
    """The enclosing query's film's actors as "First Last", in the order they were billed (by id)."""
    names = (
        sa.select((col(Actor.first_name) + " " + col(Actor.last_name)).label("name"))
        .join(FilmActor, col(FilmActor.actor_id) == col(Actor.actor_id))
        .where(col(FilmActor.film_id) == col(Film.film_id))
        .order_by(col(Actor.actor_id))
        .correlate(Film)
        .subquery()
    )
    return sa.select(text_list(names.c.name)).scalar_subquery()


def in_category(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The film is in a category that is `named` so: a condition on its name."""
    return (
        sa.select(1)
        .select_from(FilmCategory)
        .join(Category, col(Category.category_id) == col(FilmCategory.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


ACTOR_NAME = col(Actor.first_name) + " " + col(Actor.last_name)


def with_actor(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """An actor plays in the film who is `named` so: a condition on ACTOR_NAME."""
    return (
        sa.select(1)
        .select_from(FilmActor)
        .join(Actor, col(Actor.actor_id) == col(FilmActor.actor_id))
        .where(col(FilmActor.film_id) == col(Film.film_id), named)
        .correlate(Film)
        .exists()
    )


LISTED: tuple[sa.SQLColumnExpression[Any], ...] = (
    col(Film.film_id).label("id"),
    col(Film.title),
    col(Film.description),
    col(Film.release_year),
    col(Film.language_id),
    sa.func.rtrim(col(Language.name)).label("language"),
    col(Film.original_language_id),
    col(Film.rental_duration),
    col(Film.rental_rate),
    col(Film.length),
    col(Film.replacement_cost),
    col(Film.rating),
    col(Film.special_features),
    col(Film.streaming_available),
    col(Film.last_update),
    category_names().label("categories"),
)
"""What a list of films shows of each."""

_LIST = sa.select(*LISTED).join(Language, col(Language.language_id) == col(Film.language_id))
_ONE = _LIST.add_columns(actor_names().label("actors")).where(col(Film.film_id) == sa.bindparam("film_id"))

FILMS = Listing(
    _LIST,
    sorts={
        "id": SortKey(col(Film.film_id), Int),
        "title": SortKey(col(Film.title), str),
        "release_year": SortKey(col(Film.release_year), Int, nullable=True),
        "rental_rate": SortKey(col(Film.rental_rate), Decimal),
        "length": SortKey(col(Film.length), Int, nullable=True),
    },
    filters={
        "category": in_category(has_part(col(Category.name), "category")),
        "rating": col(Film.rating) == sa.bindparam("rating"),
        "release_year": col(Film.release_year) == sa.bindparam("release_year"),
        "min_year": col(Film.release_year) >= sa.bindparam("min_year"),
        "max_year": col(Film.release_year) <= sa.bindparam("max_year"),
        "language": has_part(col(Language.name), "language"),
        "min_length": col(Film.length) >= sa.bindparam("min_length"),
        "max_length": col(Film.length) <= sa.bindparam("max_length"),
        "actor": with_actor(has_part(ACTOR_NAME, "actor")),
        "title": has_part(col(Film.title), "title"),
    },
    flags={
        "streaming_available": (col(Film.streaming_available).is_(True), col(Film.streaming_available).is_(False)),
        "in_stock": (is_in_stock(), ~is_in_stock()),
    },
)


class FilmRepository:
    """Reads films."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, film_id: int) -> Row | None:
        """The film with its `actors`, or None."""
        return await first(self._connection, _ONE, film_id=film_id)
