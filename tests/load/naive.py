"""A list of films written as in tutorials, for the benchmark: FastAPI, SQLModel entities, relationships by hand.

Started by `python -m tests.load` to be measured against; answers as the service does.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models import Category, Film, FilmCategory, Language
from app.schemas.films import FilmListed

engine: AsyncEngine = create_async_engine(os.environ["DATABASE_URL"])


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for each request."""
    async with AsyncSession(engine) as session:
        yield session


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Closes the pool at the end."""
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/films")
async def list_films(session: Annotated[AsyncSession, Depends(get_session)], limit: int = 100) -> list[FilmListed]:
    """Three queries: films with their language, links, categories."""
    query = (
        select(Film, Language)
        .join(Language, col(Language.language_id) == col(Film.language_id))
        .order_by(col(Film.film_id))
        .limit(limit)
    )
    found = (await session.exec(query)).all()
    names = {category.category_id: category.name for category in (await session.exec(select(Category))).all()}
    ids = [film.film_id for film, _ in found]
    links = (await session.exec(select(FilmCategory).where(col(FilmCategory.film_id).in_(ids)))).all()
    categories: dict[int | None, list[str]] = {}
    for link in links:
        categories.setdefault(link.film_id, []).append(names[link.category_id])
    return [_listed(film, language, sorted(categories.get(film.film_id, []))) for film, language in found]


def _listed(film: Film, language: Language, categories: list[str]) -> FilmListed:
    columns: dict[str, Any] = film.model_dump(exclude={"film_id", "fulltext"})
    assert isinstance(film.last_update, datetime)
    return FilmListed(id=film.film_id, language=language.name.rstrip(), categories=categories, **columns)
