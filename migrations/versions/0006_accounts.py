"""Add accounts, their refresh tokens, and API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

_TEXT_LIST = sa.JSON().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), _record("customer.customer_id")),
        sa.Column("staff_id", sa.Integer(), _record("staff.staff_id")),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        _time("created_at", server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("email", name="user_account_email_key"),
        sa.CheckConstraint("email = lower(email)", name="user_account_email_check"),
        sa.CheckConstraint("role IN ('admin', 'staff', 'customer')", name="user_account_role_check"),
        sa.CheckConstraint(
            "customer_id IS NULL OR (staff_id IS NULL AND role = 'customer')", name="user_account_customer_check"
        ),
        sa.CheckConstraint("staff_id IS NULL OR role <> 'customer'", name="user_account_staff_check"),
    )
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), _account(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        _time("created_at", server_default=sa.func.now(), nullable=False),
        _time("expires_at", nullable=False),
        _time("used_at"),
        _time("revoked_at"),
        sa.UniqueConstraint("token_hash", name="refresh_token_token_hash_key"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("scopes", _TEXT_LIST, nullable=False),
        sa.Column("created_by", sa.Integer(), _account()),
        _time("created_at", server_default=sa.func.now(), nullable=False),
        _time("expires_at"),
        _time("last_used_at"),
        _time("revoked_at"),
        sa.UniqueConstraint("key_hash", name="api_key_key_hash_key"),
    )
    for table, columns in {
        "user_account": ("customer_id", "staff_id"),
        "refresh_token": ("account_id", "family"),
        "api_key": ("created_by",),
    }.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in ("api_key", "refresh_token", "user_account"):
        op.drop_table(table)


def _record(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, onupdate="CASCADE", ondelete="RESTRICT")


def _account() -> sa.ForeignKey:
    return sa.ForeignKey("user_account.id", ondelete="CASCADE")


def _time(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)  # type: ignore[arg-type]
