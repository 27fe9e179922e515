"""Films as the catalogue shows them: one query each, categories and actors included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models import Actor, Category, Film, FilmActor, FilmCategory, Language
from app.repositories.sql import contains, text_list

FilmRow = sa.RowMapping
"""A film's columns by their wire names (see `FilmRead`), as selected below."""


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


def in_category(name: str) -> sa.ColumnElement[bool]:
    """The film is in a category whose name contains `name`."""
    return (
        sa.select(1)
        .select_from(FilmCategory)
        .join(Category, col(Category.category_id) == col(FilmCategory.category_id))
        .where(col(FilmCategory.film_id) == col(Film.film_id), contains(col(Category.name), name))
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


class FilmRepository:
    """Reads films."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, film_id: int) -> FilmRow | None:
        """The film with its `actors`, or None."""
        return (await self._session.execute(_ONE, {"film_id": film_id})).mappings().first()

    async def list(self, *, skip: int, limit: int, category: str | None = None) -> Sequence[FilmRow]:
        """Films by id; `category` keeps those with a category whose name contains it."""
        query = _LIST.order_by(col(Film.film_id)).offset(skip).limit(limit)
        if category is not None:
            query = query.where(in_category(category))
        return (await self._session.execute(query)).mappings().all()
