"""Idempotency keys: not part of Pagila."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.types import UtcDateTime


class IdempotencyKey(SQLModel, table=True):
    """A client's key of one request, written in the transaction of its work: both are committed or neither is."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.Index("idx_idempotency_key_created_at", "created_at"),)

    key: str = Field(sa_type=sa.Text, primary_key=True)
    fingerprint: str = Field(sa_type=sa.Text)
    response: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, nullable=False, sa_column_kwargs={"server_default": sa.func.now()}
    )
