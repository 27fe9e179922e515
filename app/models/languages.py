"""Languages of films."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped


class Language(Stamped, table=True):
    """`name` is char(20) in Pagila: Postgres pads it, so readers strip it."""

    __tablename__ = "language"

    language_id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=sa.CHAR(20))
