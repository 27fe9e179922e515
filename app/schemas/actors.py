"""Actors on the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.schemas.base import Command, Text, UtcTime
from app.schemas.paging import PageQuery, sort_by


class ActorRead(BaseModel):
    """An actor and in how many films he or she plays."""

    id: int
    first_name: str
    last_name: str
    film_count: int
    last_update: UtcTime


class ActorQuery(PageQuery):
    """Which actors."""

    sort: str | None = sort_by("id", "last_name", "first_name")
    name: Text | None = Field(None, description='Part of "First Last", in any case.', examples=["ney wea"])


class ActorCreate(Command):
    """A new actor. Two may have the same name, as in life."""

    first_name: Text = Field(examples=["Greta"])
    last_name: Text = Field(examples=["Garbo"])


class ActorUpdate(ActorCreate):
    """What an actor is to be."""
