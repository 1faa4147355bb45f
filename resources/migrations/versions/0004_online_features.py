"""Features of all clients for the service: the view `online_features`, and a log of what was loaded into it.

A load makes a table of its own and points the view at it, so that readers see the one or the other and what
they may do with the view stays granted. Until the first load the view is empty.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

LOADS = """
CREATE TABLE credit.online_feature_loads (
    load_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feature_version text NOT NULL,
    code_version    text NOT NULL,
    relation        text NOT NULL,
    number_names    text[] NOT NULL,
    text_names      text[] NOT NULL,
    n_clients       bigint NOT NULL,
    n_bytes         bigint NOT NULL,
    loaded_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.online_feature_loads
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
COMMENT ON TABLE credit.online_feature_loads IS
    'Which version of the features was served from when on; the newest is what `online_features` shows.';
"""

# The columns are those of every later view: PostgreSQL replaces a view only by one of the same columns.
ONLINE_FEATURES = """
CREATE VIEW credit.online_features AS
SELECT NULL::bigint      AS sk_id_curr,
       NULL::text        AS feature_version,
       NULL::float8[]    AS numbers,
       NULL::text[]      AS texts,
       NULL::text        AS code_version,
       NULL::text[]      AS number_names,
       NULL::text[]      AS text_names,
       NULL::timestamptz AS loaded_at,
       NULL::jsonb       AS features
WHERE false;
COMMENT ON VIEW credit.online_features IS
    'One row a client: its features as arrays, named by number_names and text_names, and as JSONB by name.';
"""


def upgrade() -> None:
    """Make the log and the empty view."""
    op.execute(LOADS)
    op.execute(ONLINE_FEATURES)


def downgrade() -> None:
    """Remove both, and what was loaded; the next load brings it back from the feature store."""
    op.execute("DROP VIEW credit.online_features")
    op.execute("""
        DO $$ DECLARE loaded text; BEGIN
            FOR loaded IN SELECT DISTINCT relation FROM credit.online_feature_loads LOOP
                EXECUTE format('DROP TABLE IF EXISTS credit.%I', loaded);
            END LOOP;
        END $$
    """)
    op.execute("DROP TABLE credit.online_feature_loads")
