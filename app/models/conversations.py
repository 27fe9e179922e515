"""Conversations, their turns and events, and the actions that a person confirms: ours, not Pagila's."""

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
    """A foreign key to the row that this one is deleted with."""
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
    """When its last turn began; before the first turn, when it was created."""


class Turn(SQLModel, table=True):
    """A question and what came of it. The database allows one running turn a conversation.

    A turn that is still running after `lease_until` has lost its process: it counts as failed.
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
    """Hash of what the request with the idempotency key asked for."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_until: datetime = Field(sa_type=UtcDateTime)
    cancel_requested: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    last_sequence: int | None = Field(default=None)
    """The number of its last event, once it has ended."""


class TurnEvent(SQLModel, table=True):
    """Events of a turn as they are sent. One row may hold several pieces of text: `sequence` is the last one's."""

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
    """What the action will do, in a sentence that code wrote."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = Field(default=None, sa_type=sa.Text)
    """What came of it, in a sentence that code wrote."""
    result: dict[str, Any] | None = _json(nullable=True)
    error: dict[str, Any] | None = _json(nullable=True)
