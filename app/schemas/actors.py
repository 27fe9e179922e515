"""Requests and responses about actors."""

from __future__ import annotations

from pydantic import Field

from app.models.actors import ActorFields
from app.schemas.base import Command, Identified, Text, UtcTime
from app.schemas.derived import read_model
from app.schemas.pagination import PageQuery, sort_by


@read_model
class ActorRead(ActorFields, Identified):
    """An actor with the number of their films."""

    film_count: int
    last_update: UtcTime


class ActorQuery(PageQuery):
    """Filters of the actor list."""

    sort: str | None = sort_by("id", "last_name", "first_name")
    name: Text | None = Field(None, description='Part of "First Last", ignoring case.', examples=["ney wea"])


class ActorCreate(ActorFields, Command):
    """A new actor. Several actors may have the same name."""


class ActorUpdate(ActorCreate):
    """An actor's new name."""
