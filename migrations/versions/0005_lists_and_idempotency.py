"""Add indexes for sorting and searching lists, idempotency keys, and one running subscription per customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INDEXES = {
    "idx_film_release_year": ("film", ["release_year"]),
    "idx_film_rental_rate": ("film", ["rental_rate"]),
    "idx_film_length": ("film", ["length"]),
    "idx_actor_first_name": ("actor", ["first_name"]),
    "idx_customer_first_name": ("customer", ["first_name"]),
    "idx_customer_create_date": ("customer", ["create_date"]),
}
_PARTIAL = {
    "idx_rental_open_rental_id": ("rental", "rental_id", "return_date IS NULL", False),
    "idx_rental_open_rental_date": ("rental", "rental_date", "return_date IS NULL", False),
    "idx_unq_streaming_subscription_running": ("streaming_subscription", "customer_id", "end_date IS NULL", True),
}


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("response", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("idx_idempotency_key_created_at", "idempotency_key", ["created_at"])
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns, if_not_exists=_on_postgres())
    for name, (table, column, condition, unique) in _PARTIAL.items():
        where = sa.text(condition)
        op.create_index(name, table, [column], unique=unique, postgresql_where=where, sqlite_where=where)
    if _on_postgres():
        _create_trigram_indexes()


def downgrade() -> None:
    if _on_postgres():
        op.execute("DROP INDEX IF EXISTS idx_customer_search_trgm")
        op.execute("DROP INDEX IF EXISTS idx_actor_name_trgm")
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    for name, (table, _, _, _) in _PARTIAL.items():
        op.drop_index(name, table)
    op.drop_table("idempotency_key")


def _on_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _create_trigram_indexes() -> None:
    """Create indexes for parts of people's names, if revision 0004 could create the extension.

    FASTUPDATE is off: the planner adds the length of the list of pending entries to the cost of the index.
    """
    op.execute("""
        DO $$ DECLARE operators text; BEGIN
            SELECT format('%s.gin_trgm_ops', extnamespace::regnamespace) INTO operators
                FROM pg_extension WHERE extname = 'pg_trgm';
            IF operators IS NULL THEN
                RETURN;
            END IF;
            EXECUTE 'CREATE INDEX IF NOT EXISTS idx_customer_search_trgm ON customer USING gin '
                '((first_name || '' '' || last_name || '' '' || coalesce(email, '''')) ' || operators || ') '
                'WITH (fastupdate = off)';
            EXECUTE 'CREATE INDEX IF NOT EXISTS idx_actor_name_trgm ON actor USING gin '
                '((first_name || '' '' || last_name) ' || operators || ') WITH (fastupdate = off)';
        END $$""")
