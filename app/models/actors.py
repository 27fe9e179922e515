"""Actors."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped
from app.models.fields import Text


class ActorFields(BaseModel):
    """An actor's own fields."""

    first_name: Text = Field(sa_type=sa.Text, schema_extra={"examples": ["Greta"]})
    last_name: Text = Field(sa_type=sa.Text, schema_extra={"examples": ["Garbo"]})


class Actor(ActorFields, Stamped, table=True):
    """A person who plays in films."""

    __tablename__ = "actor"
    __table_args__ = (
        sa.Index("idx_actor_last_name", "last_name"),
        sa.Index("idx_actor_first_name", "first_name"),
    )

    actor_id: int | None = Field(default=None, primary_key=True)
