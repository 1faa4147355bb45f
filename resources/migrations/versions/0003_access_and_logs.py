"""Who may ask, and where the service's log lines are kept: `api_keys` and `api_logs`.

The database roles belong to the whole server and not to the history of one database:
`resources.roles` makes them, and applies what they may do, after every upgrade.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

# A digest of 256 random bits needs no salt and no slow hash: there is nothing to guess.
API_KEYS = """
CREATE TABLE credit.api_keys (
    key_id                text PRIMARY KEY CHECK (key_id ~ '^[0-9a-z]{12}$'),
    name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    secret_sha256         bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    roles                 text[] NOT NULL
        CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['score', 'observe', 'admin']),
    rate_limit_per_minute integer CHECK (rate_limit_per_minute > 0),
    created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by            text NOT NULL,
    revoked_at            timestamptz
);
COMMENT ON TABLE credit.api_keys IS
    'Who may ask the scoring service. Secrets are stored as SHA-256 only. Revoked keys stay on record.';
COMMENT ON COLUMN credit.api_keys.rate_limit_per_minute IS 'NULL is no limit.';
"""

# Revoking is the one change that a key may see: what a key was allowed when is evidence.
API_KEYS_ARE_EVIDENCE = """
CREATE FUNCTION credit.refuse_other_than_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL
       OR NEW.revoked_at IS NULL
       OR to_jsonb(OLD) - 'revoked_at' IS DISTINCT FROM to_jsonb(NEW) - 'revoked_at' THEN
        RAISE EXCEPTION 'an API key can only be revoked; make another one instead';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revocation_only BEFORE UPDATE ON credit.api_keys
    FOR EACH ROW EXECUTE FUNCTION credit.refuse_other_than_revocation();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON credit.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
"""

API_LOGS = """
CREATE TABLE credit.api_logs (
    log_id      uuid PRIMARY KEY,
    "timestamp" timestamptz NOT NULL,
    level       text,
    event       text,
    message     text,
    extra       jsonb NOT NULL DEFAULT '{}',
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX api_logs_timestamp ON credit.api_logs ("timestamp");
COMMENT ON TABLE credit.api_logs IS
    'Log lines as a log shipper delivered them. log_id is a hash of the delivered chunk and the position in it, '
    'so that a chunk that is delivered again changes nothing.';
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in (API_KEYS, API_KEYS_ARE_EVIDENCE, API_LOGS):
        op.execute(statement)


def downgrade() -> None:
    """Remove what `upgrade` made; every key is lost."""
    for table in ("api_logs", "api_keys"):
        op.execute(f"DROP TABLE credit.{table}")
    op.execute("DROP FUNCTION credit.refuse_other_than_revocation()")
