"""Archived days of decisions, and erasure: which days are in the lake, and what was erased when."""

from alembic import op

revision = "0008"
down_revision = "0007"

# `n_live`: rows of the day in PostgreSQL when it was archived; another number there now makes the archive stale.
# `ids_tell_day`: every id is a UUIDv7 of this day or of its neighbours, so that an id leads to its file.
ARCHIVES = """
CREATE TABLE credit.decision_archives (
    day          date PRIMARY KEY,
    address      text NOT NULL,
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    n_rows       bigint NOT NULL CHECK (n_rows > 0),
    n_live       bigint NOT NULL CHECK (n_live >= 0),
    n_bytes      bigint NOT NULL,
    ids_tell_day boolean NOT NULL,
    archived_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    verified_at  timestamptz,
    dropped_at   timestamptz
);
COMMENT ON TABLE credit.decision_archives IS
    'Days of decisions as Parquet files in the lake. sha256 is of the rows, whatever the file''s encoding; '
    'dropped_at is when their partition went, after which the file is the only place of them.';
"""

ERASURES = """
CREATE TABLE credit.erasures (
    erasure_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_by      text NOT NULL,
    n_decisions    bigint NOT NULL,
    n_archived     bigint NOT NULL,
    n_files        integer NOT NULL,
    n_online       bigint NOT NULL,
    n_answers      bigint NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.erasures
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
COMMENT ON TABLE credit.erasures IS 'That clients were erased, when, by whom, and how much. Not which. Append-only.';
"""

# The skeleton of an erased decision names nobody. A hash would: there are few enough ids to try them all.
DECISIONS = """
ALTER TABLE credit.decisions
    ADD COLUMN erased_at timestamptz,
    ALTER COLUMN sk_id_curr DROP NOT NULL;
ALTER TABLE credit.decisions
    ADD CONSTRAINT erased_or_named CHECK ((sk_id_curr IS NULL) = (erased_at IS NOT NULL)) NOT VALID;
COMMENT ON COLUMN credit.decisions.erased_at IS
    'When client, features and values of reasons were erased; they are NULL or empty since.';
"""


def upgrade() -> None:
    """Make the tables, and let a decision be erased."""
    for statement in (ARCHIVES, ERASURES, DECISIONS):
        op.execute(statement)


def downgrade() -> None:
    """Refused: dropped days would be found no more."""
    raise NotImplementedError("archived days would be found no more; restore a backup instead")
