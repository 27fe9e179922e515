"""Pagila's tables: created in an empty database, adopted where they exist.

On Postgres each statement creates only missing objects, so that the same script (also the output of `--sql`) works
for an empty database and for one with any release of Pagila, whose tables and rows are not changed. A database that
cannot be adopted is not changed at all (see migrations/adoption.py).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.adoption import ensure_adoptable

revision = "0001"
down_revision = None

_RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
_RATING = sa.Enum(*_RATINGS, name="mpaa_rating", create_constraint=True).with_variant(
    postgresql.ENUM(*_RATINGS, name="mpaa_rating", create_type=False), "postgresql"
)
_YEAR = sa.Integer().with_variant(postgresql.DOMAIN("year", sa.Integer(), create_type=False), "postgresql")
_TEXT_LIST = sa.JSON().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")
_FULLTEXT = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
_TIME = sa.DateTime(timezone=True)

_STAMPED = [
    "country",
    "city",
    "address",
    "language",
    "category",
    "actor",
    "film",
    "film_actor",
    "film_category",
    "store",
    "staff",
    "customer",
    "inventory",
    "rental",
]
_TABLES = [*_STAMPED, "payment"]

# Downgrading may drop the tables only if this revision created them, which a comment on Alembic's table records.
_NOTE = "revision 0001 created the tables of Pagila"


def upgrade() -> None:
    if not op.get_context().as_sql:
        ensure_adoptable(op.get_bind())
    if _on_postgres():
        _note_whether_empty()
        _create_types()
    _create_places()
    _create_catalogue()
    _create_shops()
    _create_rentals()
    _create_indexes()
    if _on_postgres():
        _create_partitions()
        _create_triggers()


def downgrade() -> None:
    if not _on_postgres():
        for table in reversed(_TABLES):
            op.drop_table(table)
        return
    # One statement for all tables, so that the order of their foreign keys does not matter.
    op.execute(f"""
        DO $$ BEGIN
            IF obj_description('alembic_version'::regclass, 'pg_class') = '{_NOTE}' THEN
                DROP TABLE {", ".join(_TABLES)};
                DROP FUNCTION last_updated();
                DROP DOMAIN year;
                DROP TYPE mpaa_rating;
            END IF;
        END $$""")


def _on_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _note_whether_empty() -> None:
    op.execute(f"""
        DO $$ BEGIN
            IF to_regclass('film') IS NULL THEN
                COMMENT ON TABLE alembic_version IS '{_NOTE}';
            ELSE
                COMMENT ON TABLE alembic_version IS NULL;
            END IF;
        END $$""")


def _create_types() -> None:
    labels = ", ".join(f"'{label}'" for label in _RATINGS)
    op.execute(f"""
        DO $$ BEGIN
            IF to_regtype('mpaa_rating') IS NULL THEN
                CREATE TYPE mpaa_rating AS ENUM ({labels});
            END IF;
            IF to_regtype('year') IS NULL THEN
                CREATE DOMAIN year AS integer CONSTRAINT year_check CHECK (VALUE >= 1901 AND VALUE <= 2155);
            END IF;
        END $$""")


def _table(name: str, *columns: sa.Column[Any] | sa.Constraint, **options: str) -> None:
    # With AUTOINCREMENT, SQLite never reuses the id of a deleted row, as a sequence does not.
    op.create_table(name, *columns, if_not_exists=_on_postgres(), sqlite_autoincrement=True, **options)


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _reference(
    name: str, table: str, *, key: bool = False, nullable: bool = False, actions: bool = True
) -> sa.Column[Any]:
    """Return a foreign key, ON UPDATE CASCADE ON DELETE RESTRICT unless `actions` is False, as for a few in Pagila."""
    foreign_key = sa.ForeignKey(
        f"{table}.{table}_id",
        onupdate="CASCADE" if actions else None,
        ondelete="RESTRICT" if actions else None,
    )
    return sa.Column(name, sa.Integer(), foreign_key, primary_key=key, autoincrement=False, nullable=nullable)


def _stamp(*, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column("last_update", _TIME, server_default=sa.func.now(), nullable=nullable)


def _create_places() -> None:
    _table("country", _id("country_id"), _text("country"), _stamp())
    _table("city", _id("city_id"), _text("city"), _reference("country_id", "country"), _stamp())
    _table(
        "address",
        _id("address_id"),
        _text("address"),
        _text("address2", nullable=True),
        _text("district"),
        _reference("city_id", "city"),
        _text("postal_code", nullable=True),
        _text("phone"),
        _stamp(),
    )


def _create_catalogue() -> None:
    _table("language", _id("language_id"), sa.Column("name", sa.CHAR(20), nullable=False), _stamp())
    _table("category", _id("category_id"), _text("name"), _stamp())
    _table("actor", _id("actor_id"), _text("first_name"), _text("last_name"), _stamp())
    _create_film()
    _table(
        "film_actor",
        _reference("actor_id", "actor", key=True),
        _reference("film_id", "film", key=True),
        _stamp(),
    )
    _table(
        "film_category",
        _reference("film_id", "film", key=True),
        _reference("category_id", "category", key=True),
        _stamp(),
    )


def _create_film() -> None:
    # In Pagila a trigger fills fulltext. SQLite has no such trigger, so the column needs a default.
    fulltext_default = None if _on_postgres() else sa.text("''")
    _table(
        "film",
        _id("film_id"),
        _text("title"),
        _text("description", nullable=True),
        sa.Column("release_year", _YEAR),
        _reference("language_id", "language"),
        _reference("original_language_id", "language", nullable=True),
        sa.Column("rental_duration", sa.SmallInteger(), server_default=sa.text("3"), nullable=False),
        sa.Column("rental_rate", sa.Numeric(4, 2), server_default=sa.text("4.99"), nullable=False),
        sa.Column("length", sa.SmallInteger()),
        sa.Column("replacement_cost", sa.Numeric(5, 2), server_default=sa.text("19.99"), nullable=False),
        sa.Column("rating", _RATING, server_default=sa.text("'G'")),
        _stamp(),
        sa.Column("special_features", _TEXT_LIST),
        sa.Column("fulltext", _FULLTEXT, server_default=fulltext_default, nullable=False),
    )


def _create_shops() -> None:
    _table(
        "store",
        _id("store_id"),
        sa.Column("manager_staff_id", sa.Integer(), nullable=False),
        _reference("address_id", "address"),
        _stamp(),
    )
    _table(
        "staff",
        _id("staff_id"),
        _text("first_name"),
        _text("last_name"),
        _reference("address_id", "address"),
        _text("email", nullable=True),
        _reference("store_id", "store", actions=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        _text("username"),
        _text("password", nullable=True),
        _stamp(),
        sa.Column("picture", sa.LargeBinary()),
    )
    _table(
        "customer",
        _id("customer_id"),
        _reference("store_id", "store"),
        _text("first_name"),
        _text("last_name"),
        _text("email", nullable=True),
        _reference("address_id", "address"),
        sa.Column("activebool", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("create_date", sa.Date(), server_default=sa.func.current_date(), nullable=False),
        _stamp(nullable=True),
        sa.Column("active", sa.Integer()),
    )


def _create_rentals() -> None:
    _table(
        "inventory",
        _id("inventory_id"),
        _reference("film_id", "film"),
        _reference("store_id", "store"),
        _stamp(),
    )
    _table(
        "rental",
        _id("rental_id"),
        sa.Column("rental_date", _TIME, nullable=False),
        _reference("inventory_id", "inventory"),
        _reference("customer_id", "customer"),
        sa.Column("return_date", _TIME),
        _reference("staff_id", "staff"),
        _stamp(),
    )
    # The key of a partitioned table contains the partition column; SQLite generates ids only for a key of one column.
    key = ("payment_date", "payment_id") if _on_postgres() else ("payment_id",)
    _table(
        "payment",
        sa.Column("payment_id", sa.Integer(), autoincrement=True, nullable=False),
        _reference("customer_id", "customer", actions=False),
        _reference("staff_id", "staff", actions=False),
        _reference("rental_id", "rental", actions=False),
        sa.Column("amount", sa.Numeric(5, 2), nullable=False),
        sa.Column("payment_date", _TIME, nullable=False),
        sa.PrimaryKeyConstraint(*key),
        postgresql_partition_by="RANGE (payment_date)",
    )


def _index(name: str, table: str, *columns: str, unique: bool = False, using: str | None = None) -> None:
    op.create_index(name, table, list(columns), unique=unique, postgresql_using=using, if_not_exists=_on_postgres())


def _create_indexes() -> None:
    _index("idx_fk_country_id", "city", "country_id")
    _index("idx_fk_city_id", "address", "city_id")
    _index("idx_actor_last_name", "actor", "last_name")
    _index("idx_title", "film", "title")
    _index("idx_fk_language_id", "film", "language_id")
    _index("idx_fk_original_language_id", "film", "original_language_id")
    _index("idx_fk_film_id", "film_actor", "film_id")
    _index("idx_unq_manager_staff_id", "store", "manager_staff_id", unique=True)
    _index("idx_fk_store_id", "customer", "store_id")
    _index("idx_fk_address_id", "customer", "address_id")
    _index("idx_last_name", "customer", "last_name")
    _index("idx_store_id_film_id", "inventory", "store_id", "film_id")
    _index("idx_fk_inventory_id", "rental", "inventory_id")
    _index(
        "idx_unq_rental_rental_date_inventory_id_customer_id",
        "rental",
        "rental_date",
        "inventory_id",
        "customer_id",
        unique=True,
    )
    _index("film_fulltext_idx", "film", "fulltext", using="gist")


def _create_partitions() -> None:
    """Create Pagila's monthly partitions. Releases that divide payment in another way keep their tables."""
    op.execute("""
        DO $$ DECLARE month timestamptz; BEGIN
            IF NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'payment'::regclass)
                OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'payment'::regclass)
            THEN
                RETURN;
            END IF;
            SET LOCAL TimeZone = 'UTC';
            FOR month IN SELECT generate_series('2022-01-01'::timestamptz, '2022-07-01', '1 month') LOOP
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF payment FOR VALUES FROM (%L) TO (%L)',
                    to_char(month, '"payment_p"YYYY_MM'), month, month + interval '1 month'
                );
            END LOOP;
        END $$""")


def _create_triggers() -> None:
    op.execute("""
        DO $$ BEGIN
            IF to_regprocedure('last_updated()') IS NULL THEN
                CREATE FUNCTION last_updated() RETURNS trigger LANGUAGE plpgsql AS $body$
                BEGIN
                    NEW.last_update = CURRENT_TIMESTAMP;
                    RETURN NEW;
                END $body$;
            END IF;
        END $$""")
    stamped = ", ".join(f"'{table}'" for table in _STAMPED)
    op.execute(f"""
        DO $$ DECLARE stamped text; BEGIN
            FOREACH stamped IN ARRAY ARRAY[{stamped}] LOOP
                IF NOT EXISTS (
                    SELECT FROM pg_trigger WHERE tgrelid = stamped::regclass AND tgname = 'last_updated'
                ) THEN
                    EXECUTE format('CREATE TRIGGER last_updated BEFORE UPDATE ON %I '
                                   'FOR EACH ROW EXECUTE FUNCTION last_updated()', stamped);
                END IF;
            END LOOP;
        END $$""")  # the names are constants  # nosec B608
    op.execute("""
        DO $$ BEGIN
            IF NOT EXISTS (
                SELECT FROM pg_trigger WHERE tgrelid = 'film'::regclass AND tgname = 'film_fulltext_trigger'
            ) THEN
                CREATE TRIGGER film_fulltext_trigger BEFORE INSERT OR UPDATE ON film
                FOR EACH ROW EXECUTE FUNCTION
                tsvector_update_trigger('fulltext', 'pg_catalog.english', 'title', 'description');
            END IF;
        END $$""")
