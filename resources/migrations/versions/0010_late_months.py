"""Months of decisions that are made when a decision asks for one: from a journal, after its month has left PostgreSQL.

The service may not make tables. It inserts the month that it needs here, and the trigger makes the partition with
the rights of the owner: no other month, and none of the future.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

# The same steps as `resources.schema.ensure_partitions`, under the same lock.
LATE_MONTHS = """
CREATE TABLE credit.late_months (
    month   date NOT NULL CHECK (extract(day FROM month) = 1),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE credit.late_months IS
    'Months whose partition of credit.decisions was made because a decision from a journal found none. Append-only.';
CREATE FUNCTION credit.make_late_month() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := 'decisions_' || to_char(NEW.month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(7305120012);
    IF NEW.month NOT BETWEEN '2020-01-01' AND (clock_timestamp() AT TIME ZONE 'UTC')::date
        OR to_regclass('credit.' || name) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('CREATE TABLE credit.%I (LIKE credit.decisions INCLUDING ALL) WITH (toast_tuple_target = 8160)',
                   name);
    EXECUTE format('ALTER TABLE credit.decisions ATTACH PARTITION credit.%I FOR VALUES FROM (%L) TO (%L)', name,
                   to_char(NEW.month, 'YYYY-MM-DD') || ' 00:00:00+00',
                   to_char(NEW.month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    RETURN NEW;
END $$;
CREATE TRIGGER make_late_month BEFORE INSERT ON credit.late_months
    FOR EACH ROW EXECUTE FUNCTION credit.make_late_month();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.late_months
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
"""

UNDO = """
DROP TABLE credit.late_months;
DROP FUNCTION credit.make_late_month();
"""


def upgrade() -> None:
    """Make the table and its trigger."""
    op.execute(LATE_MONTHS)


def downgrade() -> None:
    """Months are made by the owner alone again; those that were made stay."""
    op.execute(UNDO)
