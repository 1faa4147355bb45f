"""Causes of a retraining beside drift: cost, the calendar, people."""

from alembic import op

revision = "0009"
down_revision = "0008"

# One run may answer a day's alert and a cost alarm whose evidence ends on that day.
COLUMNS = """
ALTER TABLE credit.retraining_causes
    ADD COLUMN kind text NOT NULL DEFAULT 'drift'
        CHECK (kind IN ('drift', 'estimated cost', 'realised cost', 'schedule', 'person')),
    ADD COLUMN detail text NOT NULL DEFAULT '',
    ADD COLUMN author text NOT NULL DEFAULT '',
    DROP CONSTRAINT retraining_causes_pkey,
    ADD PRIMARY KEY (report_date, run_id, kind);
COMMENT ON TABLE credit.retraining_causes IS
    'What trainings answered: alerts with every feature that had moved, cost alarms, the calendar, people.';
COMMENT ON COLUMN credit.retraining_causes.report_date IS
    'The day in alert, the last day of a cost alarm''s evidence, or the day of asking.';
COMMENT ON COLUMN credit.retraining_causes.detail IS 'The sentence that the run was asked for with.';
"""

# Causes of other kinds have no place in the older table.
UNDO = """
DELETE FROM credit.retraining_causes WHERE kind <> 'drift';
ALTER TABLE credit.retraining_causes
    DROP CONSTRAINT retraining_causes_pkey,
    ADD PRIMARY KEY (report_date, run_id),
    DROP COLUMN kind, DROP COLUMN detail, DROP COLUMN author;
"""


def upgrade() -> None:
    """Widen the table."""
    op.execute(COLUMNS)


def downgrade() -> None:
    """Back to alerts alone."""
    op.execute(UNDO)
