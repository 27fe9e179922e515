"""Find the sequence of a primary key, to distinguish a sequence that is behind from an id that a caller chose."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database.driver_errors import diagnosis_of

_SEQUENCE = sa.text("""
    SELECT coalesce(
        (
            SELECT sequence.oid::regclass::text
            FROM pg_attrdef
            JOIN pg_depend ON pg_depend.classid = 'pg_attrdef'::regclass AND pg_depend.objid = pg_attrdef.oid
            JOIN pg_class AS sequence ON sequence.oid = pg_depend.refobjid AND sequence.relkind = 'S'
            WHERE pg_attrdef.adrelid = attrelid AND pg_attrdef.adnum = attnum
        ),
        pg_get_serial_sequence(attrelid::regclass::text, attname)
    )
    FROM pg_constraint
    JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
    WHERE contype = 'p' AND conname = :constraint AND conrelid = to_regclass(:table)
""")
"""Selects the sequence of each column of a primary key; null for a column without one."""


@dataclass(frozen=True)
class Key:
    """A unique constraint and its table, both quoted."""

    table: str
    constraint: str


def violated_key(error: DBAPIError) -> Key | None:
    """Return the violated unique constraint, or None if the database does not name it."""
    diagnosis = diagnosis_of(error)
    constraint, table = (getattr(diagnosis, name, None) for name in ("constraint_name", "table_name"))
    if not constraint or not table:
        return None
    parts = (str(part).replace('"', '""') for part in (diagnosis.schema_name, table))
    return Key(table=".".join(f'"{part}"' for part in parts), constraint=str(constraint))


async def sequence_of(connection: AsyncConnection, key: Key) -> str | None:
    """Return the sequence of a primary key, or None for other constraints and for keys that callers choose."""
    found = await connection.scalars(_SEQUENCE, {"table": key.table, "constraint": key.constraint})
    return next((sequence for sequence in found if sequence), None)
