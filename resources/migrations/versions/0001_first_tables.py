"""The tables of the first loop: decisions, outcomes, references, reports, live models, causes."""

from alembic import op

revision = "0001"
down_revision = None

PREDICTIONS = """
CREATE TABLE credit.predictions (
    prediction_id      uuid NOT NULL,
    created_at         timestamptz NOT NULL,
    sk_id_curr         bigint NOT NULL,
    probability        double precision NOT NULL CHECK (probability BETWEEN 0 AND 1),
    prediction         smallint NOT NULL CHECK (prediction IN (0, 1)),
    decision           text NOT NULL CHECK (decision IN ('APPROVED', 'REFUSED')),
    threshold          double precision NOT NULL,
    model_version      text NOT NULL,
    inference_time_ms  double precision,
    n_features_missing integer,
    features           jsonb NOT NULL,
    reasons            jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (prediction_id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX predictions_created_at ON credit.predictions (created_at);
COMMENT ON TABLE credit.predictions IS
    'One row a scored application, durable before the client hears the answer. Monthly partitions.';
"""

OUTCOMES = """
CREATE TABLE credit.outcomes (
    outcome_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prediction_id uuid NOT NULL,
    target        smallint NOT NULL CHECK (target IN (0, 1)),
    observed_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (prediction_id, observed_at, target)
);
COMMENT ON TABLE credit.outcomes IS 'Whether an approved applicant defaulted. A correction is a new row.';
"""

TRAINING_REFERENCE = """
CREATE TABLE credit.training_reference (
    model_version text NOT NULL,
    feature_name  text NOT NULL,
    mean          double precision,
    std           double precision,
    median        double precision,
    q25           double precision,
    q75           double precision,
    n_samples     bigint NOT NULL,
    PRIMARY KEY (model_version, feature_name)
);
COMMENT ON TABLE credit.training_reference IS
    'What each numeric feature looked like in training. Never overwritten.';
"""

DRIFT_REPORTS = """
CREATE TABLE credit.drift_reports (
    report_date         date NOT NULL,
    window_start        timestamptz NOT NULL,
    window_end          timestamptz NOT NULL,
    n_predictions       bigint NOT NULL,
    n_features_analyzed integer NOT NULL,
    n_features_drifted  integer NOT NULL,
    drift_percentage    double precision NOT NULL CHECK (drift_percentage BETWEEN 0 AND 100),
    status              text NOT NULL CHECK (status IN ('ok', 'warning', 'alert', 'insufficient')),
    drift_details       jsonb NOT NULL,
    rule                text NOT NULL,
    model_version       text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (window_start, window_end)
);
CREATE INDEX drift_reports_report_date ON credit.drift_reports (report_date);
COMMENT ON TABLE credit.drift_reports IS 'One current row a window; a window is a UTC day.';
"""

# `live_models` is a view: an append-only log cannot close its own rows, so `live_to` is the
# moment at which the next one went live.
LIVE_MODELS = """
CREATE TABLE credit.live_model_log (
    entry_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_version text NOT NULL,
    live_from     timestamptz NOT NULL DEFAULT now(),
    cause         text NOT NULL,
    author        text NOT NULL
);
CREATE FUNCTION credit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only; add a row instead', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.live_model_log
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
CREATE VIEW credit.live_models AS
    SELECT model_version, live_from,
           lead(live_from) OVER (ORDER BY live_from, entry_id) AS live_to, cause, author
    FROM credit.live_model_log;
COMMENT ON VIEW credit.live_models IS 'Which model was live when, why, and who said so.';
"""

RETRAINING_CAUSES = """
CREATE TABLE credit.retraining_causes (
    report_date   date NOT NULL,
    model_version text NOT NULL,
    features      text[] NOT NULL,
    run_id        text NOT NULL,
    answered_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_date, run_id)
);
COMMENT ON TABLE credit.retraining_causes IS
    'Alerts that a retraining answered, with every feature that had moved.';
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in (
        PREDICTIONS,
        OUTCOMES,
        TRAINING_REFERENCE,
        DRIFT_REPORTS,
        LIVE_MODELS,
        RETRAINING_CAUSES,
    ):
        op.execute(statement)


def downgrade() -> None:
    """Refused: it would drop decisions on record."""
    raise NotImplementedError("the first migration is not undone: it would drop decisions; restore a backup instead")
