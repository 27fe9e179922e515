"""Conversations, their turns and events, and the actions that a person confirms: not part of Pagila."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.types import JsonText, UtcDateTime

TURN_STATUSES = ("running", "completed", "input_required", "confirmation_required", "failed", "cancelled")
CONFIRMATION_STATUSES = ("pending", "executed", "failed", "declined", "expired", "superseded")
_RUNNING = sa.text("status = 'running'")


def _one_of(column: str, values: tuple[str, ...], name: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name)


def _part_of(target: str, *, nullable: bool = False, primary_key: bool = False) -> Any:  # noqa: ANN401  as Field
    """Declare a foreign key, ON DELETE CASCADE: the row is part of the other one."""
    foreign_key = sa.ForeignKey(target, ondelete="CASCADE")
    column: sa.Column[int] = sa.Column(
        sa.Integer, foreign_key, nullable=nullable, primary_key=primary_key, autoincrement=False
    )
    return Field(default=None if nullable else ..., sa_column=column)


def _json(*, nullable: bool = False) -> Any:  # noqa: ANN401  likewise
    return Field(default=None if nullable else ..., sa_column=sa.Column(JsonText, nullable=nullable))


class Conversation(SQLModel, table=True):
    """A conversation of one account or one API key."""

    __tablename__ = "conversation"
    __table_args__ = (
        sa.CheckConstraint("(account_id IS NULL) <> (key_id IS NULL)", name="conversation_owner_check"),
        sa.Index("ix_conversation_account_id_active_at", "account_id", "active_at"),
        sa.Index("ix_conversation_key_id_active_at", "key_id", "active_at"),
        sa.Index("ix_conversation_active_at", "active_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int | None = _part_of("user_account.id", nullable=True)
    key_id: int | None = _part_of("api_key.id", nullable=True)
    title: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    active_at: datetime = Field(sa_type=UtcDateTime)
    """The start of its last turn; before the first turn, the time of its creation."""


class Turn(SQLModel, table=True):
    """A question and its outcome. The database allows one running turn per conversation.

    If a turn is still running after `lease_until`, its process has died, and it counts as failed.
    """

    __tablename__ = "turn"
    __table_args__ = (
        _one_of("status", TURN_STATUSES, "turn_status_check"),
        sa.Index(
            "ux_turn_running_conversation_id",
            "conversation_id",
            unique=True,
            postgresql_where=_RUNNING,
            sqlite_where=_RUNNING,
        ),
        sa.Index("ux_turn_conversation_id_idempotency_key", "conversation_id", "idempotency_key", unique=True),
        sa.Index("ix_turn_conversation_id_id", "conversation_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = _part_of("conversation.id")
    status: str = Field(sa_type=sa.Text)
    question: str = Field(sa_type=sa.Text)
    answer: str | None = Field(default=None, sa_type=sa.Text)
    agent: str | None = Field(default=None, sa_type=sa.Text)
    steps: list[Any] = _json()
    calls: list[Any] = _json()
    """Tool calls with their results, for the model's history."""
    usage: dict[str, int] = _json()
    error: dict[str, Any] | None = _json(nullable=True)
    idempotency_key: str | None = Field(default=None, sa_type=sa.Text)
    fingerprint: str = Field(sa_type=sa.Text)
    """Hash of the question of the request with the idempotency key."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_until: datetime = Field(sa_type=UtcDateTime)
    cancel_requested: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    last_sequence: int | None = Field(default=None)
    """The number of its last event; null while it runs."""


class TurnEvent(SQLModel, table=True):
    """Events of a turn as they are sent. A row may hold several pieces of text; `sequence` is that of the last one."""

    __tablename__ = "turn_event"
    __table_args__ = (sa.Index("ix_turn_event_created_at", "created_at"),)

    turn_id: int = _part_of("turn.id", primary_key=True)
    sequence: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    data: dict[str, Any] = _json()
    created_at: datetime = Field(sa_type=UtcDateTime)


class Confirmation(SQLModel, table=True):
    """An action that an agent proposed. Only its owner's decision executes it, at most once."""

    __tablename__ = "confirmation"
    __table_args__ = (
        _one_of("status", CONFIRMATION_STATUSES, "confirmation_status_check"),
        sa.Index("ix_confirmation_conversation_id_status", "conversation_id", "status"),
        sa.Index("ix_confirmation_turn_id", "turn_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = _part_of("conversation.id")
    turn_id: int = _part_of("turn.id")
    status: str = Field(sa_type=sa.Text)
    action: str = Field(sa_type=sa.Text)
    arguments: dict[str, Any] = _json()
    preconditions: dict[str, Any] = _json()
    summary: str = Field(sa_type=sa.Text)
    """The effect of the action, in a sentence that code wrote."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = Field(default=None, sa_type=sa.Text)
    """The outcome, in a sentence that code wrote."""
    result: dict[str, Any] | None = _json(nullable=True)
    error: dict[str, Any] | None = _json(nullable=True)
