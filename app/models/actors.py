"""Actors."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped


class Actor(Stamped, table=True):
    """A person who plays in films."""

    __tablename__ = "actor"
    __table_args__ = (
        sa.Index("idx_actor_last_name", "last_name"),
        sa.Index("idx_actor_first_name", "first_name"),
    )

    actor_id: int | None = Field(default=None, primary_key=True)
    first_name: str = Field(sa_type=sa.Text)
    last_name: str = Field(sa_type=sa.Text)
