"""What a drift report says beside its verdict: other rules, the score, all features at once, samples, when it read."""

from alembic import op

revision = "0006"
down_revision = "0005"

# `read_at` orders computations of one window: two runs over the same days may finish in either order,
# and the one that saw more of the log must win. Rows of older versions have none, and lose to any.
COLUMNS = """
ALTER TABLE credit.drift_reports
    ADD COLUMN by_rule jsonb,
    ADD COLUMN score jsonb,
    ADD COLUMN multivariate jsonb,
    ADD COLUMN n_sampled bigint,
    ADD COLUMN read_at timestamptz;
COMMENT ON COLUMN credit.drift_reports.by_rule IS 'Status, share and count of drifted features by each rule.';
COMMENT ON COLUMN credit.drift_reports.score IS 'How far the score itself moved; null without decisions of the model.';
COMMENT ON COLUMN credit.drift_reports.multivariate IS
    'How well a classifier tells the window from the reference; computed for the newest day of a run alone.';
COMMENT ON COLUMN credit.drift_reports.n_sampled IS 'Rows compared, where the window was sampled; null where all were.';
COMMENT ON COLUMN credit.drift_reports.read_at IS 'When the computation began to read the log.';
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(COLUMNS)


def downgrade() -> None:
    """Drop the columns; a recomputed day fills them again."""
    for column in ("by_rule", "score", "multivariate", "n_sampled", "read_at"):
        op.execute(f"ALTER TABLE credit.drift_reports DROP COLUMN {column}")
