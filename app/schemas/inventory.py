"""Discs on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.base import MAX_ID, WHOLE, Command, Id, UtcTime
from app.schemas.paging import PageQuery, sort_by

Copies = Annotated[int, Field(ge=1, le=100, strict=True), WHOLE]


class InventoryRead(BaseModel):
    """One disc of a film in a store; in stock while it is not rented out."""

    id: int
    film_id: int
    film_title: str
    store_id: int
    in_stock: bool
    last_update: UtcTime


class InventoryQuery(PageQuery):
    """Which discs; filters that are given must all fit."""

    sort: str | None = sort_by("id")
    film_id: int | None = Field(None, ge=1, le=MAX_ID, description="Discs of this film.")
    store_id: int | None = Field(None, ge=1, le=MAX_ID, description="Discs that belong to this store.")
    in_stock: bool | None = Field(None, description="Whether the disc is in, or rented out.")


class InventoryCreate(Command):
    """New discs of a film for a store."""

    film_id: Id = Field(examples=[1])
    store_id: Id = Field(examples=[1])
    copies: Annotated[int, Field(ge=1, le=100, strict=True), WHOLE] = Field(1, description="How many discs.")
