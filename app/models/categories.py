"""Categories of films."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Field

from app.models.base import Stamped
from app.models.fields import Text


class CategoryFields(BaseModel):
    """A category's own fields."""

    name: Text = Field(sa_type=sa.Text, description="Unique, ignoring case.", schema_extra={"examples": ["Film Noir"]})


class Category(CategoryFields, Stamped, table=True):
    """A genre such as Horror; Pagila has sixteen."""

    __tablename__ = "category"

    category_id: int | None = Field(default=None, primary_key=True)
