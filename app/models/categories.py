"""Categories of films."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Stamped


class Category(Stamped, table=True):
    """A genre such as Horror; Pagila has sixteen."""

    __tablename__ = "category"

    category_id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=sa.Text)
