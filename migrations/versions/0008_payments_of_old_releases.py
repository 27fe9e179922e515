"""Disable rules and triggers of old Pagila releases that redirect payments to tables of past months.

Those releases have a table for each month of their sample data, which inherits from payment, and rules or a trigger on
payment that write to it instead. With them, INSERT ... RETURNING fails or returns no row, so a new payment's id stays
unknown; and some releases reject payments outside of their months. They are disabled, not dropped: downgrading enables
them. No row is moved: a query of payment also reads the tables of the months.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

_NOTE = "disabled by revision 0008"


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    # In pg_rewrite, 3 is INSERT. In pg_trigger.tgtype, bits are 1 for each row, 2 before, 4 insert.
    op.execute(f"""
        DO $$ DECLARE name text; BEGIN
            IF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'payment'::regclass)
                OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'payment'::regclass)
            THEN
                RETURN;
            END IF;
            FOR name IN
                SELECT rulename FROM pg_rewrite
                WHERE ev_class = 'payment'::regclass AND ev_type = '3' AND is_instead AND ev_enabled <> 'D'
            LOOP
                EXECUTE format('ALTER TABLE payment DISABLE RULE %I', name);
                EXECUTE format('COMMENT ON RULE %I ON payment IS %L', name, '{_NOTE}');
            END LOOP;
            FOR name IN
                SELECT tgname FROM pg_trigger
                WHERE tgrelid = 'payment'::regclass AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 7 = 7
            LOOP
                EXECUTE format('ALTER TABLE payment DISABLE TRIGGER %I', name);
                EXECUTE format('COMMENT ON TRIGGER %I ON payment IS %L', name, '{_NOTE}');
            END LOOP;
        END $$""")  # the note is a constant  # noqa: S608  # nosec B608


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(f"""
        DO $$ DECLARE name text; BEGIN
            FOR name IN
                SELECT rulename FROM pg_rewrite
                WHERE ev_class = 'payment'::regclass AND obj_description(oid, 'pg_rewrite') = '{_NOTE}'
            LOOP
                EXECUTE format('ALTER TABLE payment ENABLE RULE %I', name);
                EXECUTE format('COMMENT ON RULE %I ON payment IS NULL', name);
            END LOOP;
            FOR name IN
                SELECT tgname FROM pg_trigger
                WHERE tgrelid = 'payment'::regclass AND obj_description(oid, 'pg_trigger') = '{_NOTE}'
            LOOP
                EXECUTE format('ALTER TABLE payment ENABLE TRIGGER %I', name);
                EXECUTE format('COMMENT ON TRIGGER %I ON payment IS NULL', name);
            END LOOP;
        END $$""")  # likewise  # noqa: S608  # nosec B608
