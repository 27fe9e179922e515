"""Add constraints, a partition and indexes that the service needs and Pagila lacks.

They are: at most one open rental per inventory item, payments after 2022-07, an index for each lookup without one,
and trigrams for misspelt titles if the server offers the extension.
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
    # The extension stays: other applications may use it by now.
    op.execute("DROP INDEX IF EXISTS idx_film_title_trgm")
    # A partition that holds payments stays too: dropping it would delete them.
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
    """Allow only one open rental per inventory item from now on.

    An item in Pagila's newest release can have several. The index excludes all but the latest of them by their ids,
    so that a database with such items can be adopted without changing them.
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
    """Create a default partition for payments outside of Pagila's months.

    Older releases need none: there payment is an ordinary table. If payment has no foreign keys, because Pagila
    declares them on each partition, the new partition gets them, too.
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
    """Create the extension pg_trgm and its index, if the server permits it. Without them, searches are slower."""
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
