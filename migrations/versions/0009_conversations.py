"""Add conversations, their turns and events, and actions that wait for a person's confirmation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TURN_STATUSES = "'running', 'completed', 'input_required', 'confirmation_required', 'failed', 'cancelled'"
_CONFIRMATION_STATUSES = "'pending', 'executed', 'failed', 'declined', 'expired', 'superseded'"
_RUNNING = sa.text("status = 'running'")


def upgrade() -> None:
    _create_conversations()
    _create_turns()
    _create_events()
    _create_confirmations()


def downgrade() -> None:
    for table in ("confirmation", "turn_event", "turn", "conversation"):
        op.drop_table(table)


def _create_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Integer(), primary_key=True),
        _part_of("account_id", "user_account.id", nullable=True),
        _part_of("key_id", "api_key.id", nullable=True),
        _text("title"),
        _time("created_at", nullable=False),
        _time("active_at", nullable=False),
        sa.CheckConstraint("(account_id IS NULL) <> (key_id IS NULL)", name="conversation_owner_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_conversation_account_id_active_at", "conversation", ["account_id", "active_at"])
    op.create_index("ix_conversation_key_id_active_at", "conversation", ["key_id", "active_at"])
    op.create_index("ix_conversation_active_at", "conversation", ["active_at"])


def _create_turns() -> None:
    op.create_table(
        "turn",
        sa.Column("id", sa.Integer(), primary_key=True),
        _part_of("conversation_id", "conversation.id"),
        _text("status", nullable=False),
        _text("question", nullable=False),
        *(_text(name) for name in ("answer", "agent")),
        *(_text(name, nullable=False) for name in ("steps", "calls", "usage")),
        *(_text(name) for name in ("error", "idempotency_key")),
        _text("fingerprint", nullable=False),
        _time("started_at", nullable=False),
        _time("ended_at"),
        _time("lease_until", nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("last_sequence", sa.Integer()),
        sa.CheckConstraint(f"status IN ({_TURN_STATUSES})", name="turn_status_check"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_turn_running_conversation_id",
        "turn",
        ["conversation_id"],
        unique=True,
        postgresql_where=_RUNNING,
        sqlite_where=_RUNNING,
    )
    op.create_index(
        "ux_turn_conversation_id_idempotency_key", "turn", ["conversation_id", "idempotency_key"], unique=True
    )
    op.create_index("ix_turn_conversation_id_id", "turn", ["conversation_id", "id"])


def _create_events() -> None:
    op.create_table(
        "turn_event",
        _part_of("turn_id", "turn.id", primary_key=True),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        _text("data", nullable=False),
        _time("created_at", nullable=False),
    )
    op.create_index("ix_turn_event_created_at", "turn_event", ["created_at"])


def _create_confirmations() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Integer(), primary_key=True),
        _part_of("conversation_id", "conversation.id"),
        _part_of("turn_id", "turn.id"),
        *(_text(name, nullable=False) for name in ("status", "action", "arguments", "preconditions", "summary")),
        _time("created_at", nullable=False),
        _time("expires_at", nullable=False),
        _time("decided_at"),
        *(_text(name) for name in ("outcome", "result", "error")),
        sa.CheckConstraint(f"status IN ({_CONFIRMATION_STATUSES})", name="confirmation_status_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmation_conversation_id_status", "confirmation", ["conversation_id", "status"])
    op.create_index("ix_confirmation_turn_id", "confirmation", ["turn_id"])


def _part_of(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[int]:
    foreign_key = sa.ForeignKey(target, ondelete="CASCADE")
    return sa.Column(name, sa.Integer(), foreign_key, nullable=nullable, primary_key=primary_key, autoincrement=False)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
