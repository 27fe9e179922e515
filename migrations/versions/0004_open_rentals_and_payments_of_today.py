"""What the store needs and Pagila lacks.

One open rental per disc, payments after 2022-07, an index for every lookup that had none, and trigrams for
misspelt titles where the server offers the extension.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INDEXES = {
    "idx_rental_customer_id_rental_date": ("rental", ["customer_id", "rental_date"]),
    "idx_inventory_film_id": ("inventory", ["film_id"]),
    "idx_film_category_category_id": ("film_category", ["category_id"]),
    "idx_payment_customer_id_payment_date": ("payment", ["customer_id", "payment_date"]),
    "idx_payment_rental_id": ("payment", ["rental_id"]),
}


def upgrade() -> None:
    if _on_postgres():
        _create_open_rental_index()
        _create_default_partition()
        _create_trigrams()
    else:
        op.create_index(
            "idx_unq_rental_open_inventory_id",
            "rental",
            ["inventory_id"],
            unique=True,
            sqlite_where=sa.text("return_date IS NULL"),
        )
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns, if_not_exists=_on_postgres())


def downgrade() -> None:
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_index("idx_unq_rental_open_inventory_id", "rental")
    if not _on_postgres():
        return
    # The extension stays: others may use it by now.
    op.execute("DROP INDEX IF EXISTS idx_film_title_trgm")
    # So does the partition while it holds payments: they would be lost with it.
    op.execute("""
        DO $$ BEGIN
            IF to_regclass('payment_default') IS NULL THEN
                RETURN;
            END IF;
            IF NOT EXISTS (SELECT FROM payment_default) THEN
                DROP TABLE payment_default;
            END IF;
        END $$""")


def _on_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _create_open_rental_index() -> None:
    """One open rental per disc from now on.

    Pagila's newest release can have discs with several: all but the latest rental of such a disc are left out
    of the index by their ids, so that adopting it neither fails nor touches them.
    """
    op.execute("""
        DO $$ DECLARE superseded text; BEGIN
            SELECT string_agg(rental_id::text, ', ') INTO superseded FROM (
                SELECT rental_id, row_number() OVER (
                    PARTITION BY inventory_id ORDER BY rental_date DESC, rental_id DESC
                ) AS place
                FROM rental WHERE return_date IS NULL
            ) AS open_rental WHERE place > 1;
            EXECUTE 'CREATE UNIQUE INDEX IF NOT EXISTS idx_unq_rental_open_inventory_id '
                'ON rental (inventory_id) WHERE return_date IS NULL'
                || coalesce(' AND rental_id NOT IN (' || superseded || ')', '');
        END $$""")


def _create_default_partition() -> None:
    """Where payments go that no month takes. In older releases payment is an ordinary table and takes all.

    Pagila has payment's foreign keys on each partition instead of on the table: then this one gets its own.
    """
    op.execute("""
        DO $$ BEGIN
            IF NOT EXISTS (
                SELECT FROM pg_partitioned_table WHERE partrelid = 'payment'::regclass AND partdefid = 0
            ) THEN
                RETURN;
            END IF;
            CREATE TABLE payment_default PARTITION OF payment DEFAULT;
            IF NOT EXISTS (
                SELECT FROM pg_constraint WHERE conrelid = 'payment'::regclass AND contype = 'f'
            ) THEN
                ALTER TABLE payment_default
                    ADD FOREIGN KEY (customer_id) REFERENCES customer (customer_id),
                    ADD FOREIGN KEY (staff_id) REFERENCES staff (staff_id),
                    ADD FOREIGN KEY (rental_id) REFERENCES rental (rental_id);
            END IF;
        END $$""")


def _create_trigrams() -> None:
    """The server may lack the extension or not let us create it: then searching is slower, nothing else."""
    op.execute("""
        DO $$ BEGIN
            BEGIN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
            EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege THEN
                RETURN;
            END;
            EXECUTE format(
                'CREATE INDEX IF NOT EXISTS idx_film_title_trgm ON film USING gin (title %s.gin_trgm_ops)',
                (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm')
            );
        END $$""")
