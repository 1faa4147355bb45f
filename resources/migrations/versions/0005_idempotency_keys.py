"""Idempotency keys: which decision answered which request."""

from alembic import op

revision = "0005"
down_revision = "0004"

# The key alone decides which of two requests was first, across workers and machines.
# `created_at` is the decision's, and leads to its partition.
IDEMPOTENCY_KEYS = """
CREATE TABLE credit.idempotency_keys (
    key            text PRIMARY KEY,
    request_sha256 text NOT NULL,
    prediction_id  uuid NOT NULL,
    created_at     timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_created_at ON credit.idempotency_keys (created_at);
COMMENT ON TABLE credit.idempotency_keys IS
    'The decision that answers a repeated request. Kept for two days; decisions stay.';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(IDEMPOTENCY_KEYS)


def downgrade() -> None:
    """Drop the table; decisions stay."""
    op.execute("DROP TABLE credit.idempotency_keys")
