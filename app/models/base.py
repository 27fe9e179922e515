"""Columns that tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.types import UtcDateTime


def stamp(*, nullable: bool = False) -> Any:  # noqa: ANN401 - as SQLModel's Field, for a field of any type
    """Declare a time that is set on each write: by a trigger on Postgres, elsewhere by SQLAlchemy."""
    return Field(
        default=None,
        sa_type=UtcDateTime,
        nullable=nullable,
        sa_column_kwargs={"server_default": sa.func.now(), "onupdate": sa.func.now()},
    )


class Stamped(SQLModel):
    """A table with the time of each row's last write."""

    last_update: datetime | None = stamp()


def reference(
    target: str,
    *,
    nullable: bool = False,
    primary_key: bool = False,
    index: bool = False,
    actions: bool = True,
    examples: list[int] | None = None,
) -> Any:  # noqa: ANN401
    """Declare a foreign key, ON UPDATE CASCADE ON DELETE RESTRICT except for the few that have no actions in Pagila."""
    foreign_key = sa.ForeignKey(
        target, onupdate="CASCADE" if actions else None, ondelete="RESTRICT" if actions else None
    )
    return Field(
        default=None if nullable else ...,
        schema_extra={"examples": examples} if examples else None,
        sa_column=sa.Column(
            sa.Integer,
            foreign_key,
            nullable=nullable,
            primary_key=primary_key,
            autoincrement=False,
            index=index,
        ),
    )
