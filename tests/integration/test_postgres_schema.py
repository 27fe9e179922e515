"""The schema on Postgres has Pagila's types and names."""

from __future__ import annotations

import asyncio
from io import StringIO

import pytest
from alembic import command
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app.core.database.migrations import alembic_config, head_revision
from tests.fixtures.postgres_server import run_script
from tests.fixtures.schema_probes import ONE_OPEN_RENTAL, check, execute, revision_of, rows_of, upgrade

pytestmark = pytest.mark.postgres

_COLUMN_TYPES = """
    SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = '{}'::regclass AND attnum > 0 ORDER BY attnum
"""
_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = '{}'::regclass AND contype <> 'n'
"""
_EVERYTHING = """
    SELECT 'column', table_name, column_name, udt_name, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes
    WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', ''
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'partition', relname, pg_get_expr(relpartbound, oid), '', '', '' FROM pg_class
    WHERE relispartition AND relkind = 'r'
"""


async def test_films_have_pagilas_types(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    expected = [
        ("film_id", "integer"),
        ("title", "text"),
        ("description", "text"),
        ("release_year", "year"),
        ("language_id", "integer"),
        ("original_language_id", "integer"),
        ("rental_duration", "smallint"),
        ("rental_rate", "numeric(4,2)"),
        ("length", "smallint"),
        ("replacement_cost", "numeric(5,2)"),
        ("rating", "mpaa_rating"),
        ("last_update", "timestamp with time zone"),
        ("special_features", "text[]"),
        ("fulltext", "tsvector"),
        ("streaming_available", "boolean"),
    ]
    assert (await rows_of(empty_postgres, _COLUMN_TYPES.format("film")))[: len(expected)] == expected
    labels = await rows_of(empty_postgres, "SELECT unnest(enum_range(NULL::mpaa_rating))::text")
    assert labels == [("G",), ("PG",), ("PG-13",), ("R",), ("NC-17",)]


async def test_other_tables_have_pagilas_types(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    assert ("name", "character(20)") in await rows_of(empty_postgres, _COLUMN_TYPES.format("language"))
    assert ("picture", "bytea") in await rows_of(empty_postgres, _COLUMN_TYPES.format("staff"))
    assert ("create_date", "date") in await rows_of(empty_postgres, _COLUMN_TYPES.format("customer"))
    assert ("return_date", "timestamp with time zone") in await rows_of(empty_postgres, _COLUMN_TYPES.format("rental"))
    assert await rows_of(empty_postgres, _COLUMN_TYPES.format("streaming_subscription")) == [
        ("id", "integer"),
        ("customer_id", "integer"),
        ("plan_name", "character varying(100)"),
        ("start_date", "date"),
        ("end_date", "date"),
    ]


async def test_keys_and_foreign_keys_have_pagilas_names_and_actions(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    inventory = "FOREIGN KEY (inventory_id) REFERENCES inventory(inventory_id)"
    actions = "ON UPDATE CASCADE ON DELETE RESTRICT"
    assert dict(await rows_of(empty_postgres, _CONSTRAINTS.format("rental"))) == {
        "rental_pkey": "PRIMARY KEY (rental_id)",
        "rental_customer_id_fkey": f"FOREIGN KEY (customer_id) REFERENCES customer(customer_id) {actions}",
        "rental_inventory_id_fkey": f"{inventory} {actions}",
        "rental_staff_id_fkey": f"FOREIGN KEY (staff_id) REFERENCES staff(staff_id) {actions}",
    }
    payment = dict(await rows_of(empty_postgres, _CONSTRAINTS.format("payment")))
    assert payment["payment_pkey"] == "PRIMARY KEY (payment_date, payment_id)"
    assert await rows_of(empty_postgres, "SELECT pg_get_serial_sequence('film', 'film_id')") == [
        ("public.film_film_id_seq",)
    ]


async def test_payments_go_to_the_partition_of_their_month_or_the_default_one(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    await execute(empty_postgres, ONE_OPEN_RENTAL)
    await execute(
        empty_postgres,
        "INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date) "
        "SELECT 1, 1, 1, 0.99, moment FROM unnest(ARRAY['2022-01-01 00:00+00', '2022-07-31 23:59+00', "
        "'2021-12-31 23:59+00', now()::text]::timestamptz[]) AS moment",
    )
    assert await rows_of(empty_postgres, "SELECT tableoid::regclass::text FROM payment ORDER BY payment_id") == [
        ("payment_p2022_01",),
        ("payment_p2022_07",),
        ("payment_default",),
        ("payment_default",),
    ]


async def test_a_payment_for_a_rental_that_does_not_exist_is_refused(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    await execute(empty_postgres, ONE_OPEN_RENTAL)
    with pytest.raises(DBAPIError, match="rental_id_fkey"):
        await execute(
            empty_postgres,
            "INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date) "
            "VALUES (1, 1, 99, 1, now())",
        )


async def test_triggers_fill_the_search_text_and_the_time_of_the_last_update(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    await execute(empty_postgres, ONE_OPEN_RENTAL)
    await execute(empty_postgres, "UPDATE film SET description = 'Aliens in the wild', last_update = '2006-01-01'")
    found = "SELECT title FROM film WHERE fulltext @@ to_tsquery('english', 'wild & alien')"
    assert await rows_of(empty_postgres, found) == [("ALIEN CENTER",)]
    stale = await rows_of(empty_postgres, "SELECT 1 FROM film WHERE last_update < now() - interval '1 hour'")
    assert stale == []
    untriggered = """
        SELECT table_name FROM information_schema.columns WHERE column_name = 'last_update' EXCEPT
        SELECT event_object_table FROM information_schema.triggers WHERE trigger_name = 'last_updated'
    """
    assert await rows_of(empty_postgres, untriggered) == []


async def test_a_release_year_before_the_first_film_is_refused(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    await execute(empty_postgres, ONE_OPEN_RENTAL)
    with pytest.raises(DBAPIError, match="year_check"):
        await execute(empty_postgres, "UPDATE film SET release_year = 1900")


async def test_a_misspelt_title_has_an_index_to_be_found_by(empty_postgres: str) -> None:
    await upgrade(empty_postgres)
    definition = "SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_film_title_trgm'"
    ((index,),) = await rows_of(empty_postgres, definition)
    assert "USING gin (title gin_trgm_ops)" in index
    await check(empty_postgres)


async def test_migrating_needs_no_right_to_create_extensions(empty_postgres: str) -> None:
    await execute(
        empty_postgres,
        "DROP ROLE IF EXISTS test_clerk;\n CREATE ROLE test_clerk LOGIN PASSWORD 'clerk';\n"
        "GRANT CREATE ON SCHEMA public TO test_clerk",
    )
    try:
        clerk = make_url(empty_postgres).set(username="test_clerk", password="clerk")
        await upgrade(clerk.render_as_string(hide_password=False))
        assert await revision_of(empty_postgres) == head_revision()
        extensions = await rows_of(empty_postgres, "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'")
        assert extensions == []
    finally:
        await execute(empty_postgres, "DROP OWNED BY test_clerk;\n DROP ROLE test_clerk")


async def test_the_sql_script_makes_the_same_schema(empty_postgres: str, second_postgres: str) -> None:
    script = StringIO()
    config = alembic_config(empty_postgres)
    config.output_buffer = script
    await asyncio.to_thread(command.upgrade, config, "head", sql=True)

    await run_script(empty_postgres, script.getvalue())
    await upgrade(second_postgres)

    assert await revision_of(empty_postgres) == head_revision()
    assert set(await rows_of(empty_postgres, _EVERYTHING)) == set(await rows_of(second_postgres, _EVERYTHING))
