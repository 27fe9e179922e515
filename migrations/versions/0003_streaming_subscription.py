"""Add the streaming subscriptions of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    customer = sa.ForeignKey("customer.customer_id", onupdate="CASCADE", ondelete="RESTRICT")
    op.create_table(
        "streaming_subscription",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("customer_id", sa.Integer(), customer, nullable=False),
        sa.Column("plan_name", sa.String(100), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date()),
    )
    op.create_index("ix_streaming_subscription_customer_id", "streaming_subscription", ["customer_id"])


def downgrade() -> None:
    op.drop_table("streaming_subscription")
