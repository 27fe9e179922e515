"""Check that an existing Pagila database can be adopted: it needs Pagila's columns, of any type that a release used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

_TABLES = {
    "country": "country_id:number country:text last_update:time",
    "city": "city_id:number city:text country_id:number last_update:time",
    "address": (
        "address_id:number address:text address2:text district:text city_id:number postal_code:text phone:text "
        "last_update:time"
    ),
    "language": "language_id:number name:text last_update:time",
    "category": "category_id:number name:text last_update:time",
    "actor": "actor_id:number first_name:text last_name:text last_update:time",
    "film": (
        "film_id:number title:text description:text release_year:number language_id:number "
        "original_language_id:number rental_duration:number rental_rate:money length:number replacement_cost:money "
        "rating:rating last_update:time special_features:texts fulltext:words"
    ),
    "film_actor": "actor_id:number film_id:number last_update:time",
    "film_category": "film_id:number category_id:number last_update:time",
    "store": "store_id:number manager_staff_id:number address_id:number last_update:time",
    "staff": (
        "staff_id:number first_name:text last_name:text address_id:number email:text store_id:number active:yes_or_no "
        "username:text password:text last_update:time picture:bytes"
    ),
    "customer": (
        "customer_id:number store_id:number first_name:text last_name:text email:text address_id:number "
        "activebool:yes_or_no create_date:date last_update:time active:number"
    ),
    "inventory": "inventory_id:number film_id:number store_id:number last_update:time",
    "rental": (
        "rental_id:number rental_date:time inventory_id:number customer_id:number return_date:time staff_id:number "
        "last_update:time"
    ),
    "payment": ("payment_id:number customer_id:number staff_id:number rental_id:number amount:money payment_date:time"),
}
PAGILA = {table: dict(column.split(":", 1) for column in columns.split()) for table, columns in _TABLES.items()}
"""The kind of each column, by table and column name."""

_WRITTEN = {
    *("actor", "address", "category", "customer", "film", "film_actor", "film_category", "inventory", "payment"),
    "rental",
}
"""Tables to which the service adds rows: each column must be known or have a default."""

_DECLARED = {
    "number": "integer",
    "text": "text",
    "time": "timestamp with time zone",
    "date": "date",
    "money": "numeric(5,2)",
    "yes_or_no": "boolean",
    "rating": "mpaa_rating",
    "texts": "text[]",
    "words": "tsvector",
    "bytes": "bytea",
}
"""Column types in SQL, for the advice to add a missing column."""
_REFERENCES = {"original_language_id": " REFERENCES language"}
_KINDS: list[tuple[type[sa.types.TypeEngine[Any]], str]] = [
    (sa.Integer, "number"),
    (sa.Enum, "rating"),  # a subclass of String, so it comes first
    (sa.String, "text"),
    (sa.DateTime, "time"),
    (sa.Date, "date"),
    (sa.Numeric, "money"),
    (sa.Boolean, "yes_or_no"),
    (postgresql.TSVECTOR, "words"),
    (sa.LargeBinary, "bytes"),
]
_MOST = 8
"""Maximum findings in an error message."""

_CREATED = sa.text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class') LIKE 'revision 0001 created%'")


def is_adopted(connection: sa.Connection) -> bool:
    """Return whether this is a Postgres database whose Pagila tables existed before the first migration."""
    if connection.dialect.name != "postgresql":
        return False
    return sa.inspect(connection).has_table("film") and not connection.scalar(_CREATED)


def ensure_adoptable(connection: sa.Connection) -> None:
    """Raise CommandError if tables with Pagila's names exist and differ from what the service needs."""
    inspector = sa.inspect(connection)
    existing = [table for table in PAGILA if inspector.has_table(table)]
    if existing and connection.dialect.name != "postgresql":
        raise CommandError(
            f"This database already has tables named {', '.join(existing)}, and only Postgres databases can be "
            "adopted. Set DATABASE_URL to another file. Nothing was changed."
        )
    found = [finding for table in existing for finding in _findings(inspector, table)]
    if not found:
        return
    named = "; ".join(found[:_MOST]) + (f"; and {len(found) - _MOST} more" if len(found) > _MOST else "")
    raise CommandError(
        f"This database cannot be adopted as it is: {named}. Fix that, or set DATABASE_URL to an empty database. "
        "Nothing was changed."
    )


def _findings(inspector: sa.Inspector, table: str) -> Iterator[str]:
    """Yield each missing or different column of a table, with the way to correct it."""
    wanted = PAGILA[table]
    columns = {column["name"]: column for column in inspector.get_columns(table)}
    for name, kind in wanted.items():
        if name not in columns:
            declared = _DECLARED[kind] + _REFERENCES.get(name, "")
            yield f"{table}.{name} is missing (ALTER TABLE {table} ADD COLUMN {name} {declared})"
        elif (type_ := columns[name]["type"]) is None or _kind_of(type_) != kind:
            yield f"{table}.{name} is of type {type_}, not {_DECLARED[kind]}"
    if table not in _WRITTEN:
        return
    for name, column in columns.items():
        generated = column["default"] is not None or "identity" in column or "computed" in column
        if name == f"{table}_id" and not generated:
            yield f"{table}.{name} has no sequence or identity for new rows"
        elif name not in wanted and not column["nullable"] and not generated:
            yield f"{table}.{name} is an unknown required column: give it a default"


def _kind_of(type_: sa.types.TypeEngine[Any]) -> str:
    if isinstance(type_, postgresql.DOMAIN):
        return _kind_of(type_.data_type)
    if isinstance(type_, postgresql.ARRAY):
        return f"{_kind_of(type_.item_type)}s"
    if isinstance(type_, postgresql.ENUM) and type_.name != "mpaa_rating":
        return f"enum {type_.name}"
    return next((kind for class_, kind in _KINDS if isinstance(type_, class_)), str(type_))
