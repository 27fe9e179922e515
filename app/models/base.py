"""What all tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.types import UtcDateTime


class Stamped(SQLModel):
    """`last_update`, kept by a trigger on Postgres and by SQLAlchemy elsewhere."""

    last_update: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        nullable=False,
        sa_column_kwargs={"server_default": sa.func.now(), "onupdate": sa.func.now()},
    )


def reference(target: str, *, nullable: bool = False, primary_key: bool = False, index: bool = False) -> Any:
    """A foreign key as all of Pagila's are: ON UPDATE CASCADE ON DELETE RESTRICT."""
    return Field(
        default=None if nullable else ...,
        sa_column=sa.Column(
            sa.Integer,
            sa.ForeignKey(target, onupdate="CASCADE", ondelete="RESTRICT"),
            nullable=nullable,
            primary_key=primary_key,
            autoincrement=False,
            index=index,
        ),
    )
