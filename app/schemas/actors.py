"""Actors on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.schemas.base import Command, Text, UtcTime
from app.schemas.pagination import PageQuery, sort_by


class ActorRead(BaseModel):
    """An actor with the number of their films."""

    id: int
    first_name: str
    last_name: str
    film_count: int
    last_update: UtcTime


class ActorQuery(PageQuery):
    """Filters of the actor list."""

    sort: str | None = sort_by("id", "last_name", "first_name")
    name: Text | None = Field(None, description='Part of "First Last", ignoring case.', examples=["ney wea"])


class ActorCreate(Command):
    """A new actor. Several actors may have the same name."""

    first_name: Text = Field(examples=["Greta"])
    last_name: Text = Field(examples=["Garbo"])


class ActorUpdate(ActorCreate):
    """An actor's new name."""
