"""Performance reports, and who of the refused was approved by lot."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A figure is NULL where `absent` says why. Intervals are 95 %; rates are shares, costs are in
# units of a good applicant refused.
PERFORMANCE_REPORTS = """
CREATE TABLE credit.performance_reports (
    report_date                  date NOT NULL,
    model_version                text NOT NULL,
    n_decided                    bigint NOT NULL,
    n_approved                   bigint NOT NULL,
    n_refused                    bigint NOT NULL,
    refusal_rate                 double precision,
    refusal_rate_low             double precision,
    refusal_rate_high            double precision,
    n_outcomes                   bigint NOT NULL,
    n_defaults                   bigint NOT NULL,
    maturity                     double precision,
    default_rate_approved        double precision,
    default_rate_approved_low    double precision,
    default_rate_approved_high   double precision,
    auc_approved                 double precision,
    auc_approved_low             double precision,
    auc_approved_high            double precision,
    cost_realised_approved       double precision,
    cost_realised_approved_low   double precision,
    cost_realised_approved_high  double precision,
    calibration                  jsonb,
    auc_estimated                double precision,
    auc_estimated_low            double precision,
    auc_estimated_high           double precision,
    cost_estimated               double precision,
    cost_estimated_low           double precision,
    cost_estimated_high          double precision,
    cost_estimated_approved      double precision,
    cost_estimated_approved_low  double precision,
    cost_estimated_approved_high double precision,
    cost_estimated_known         double precision,
    cost_estimated_known_low     double precision,
    cost_estimated_known_high    double precision,
    auc_reference                double precision,
    auc_reference_low            double precision,
    auc_reference_high           double precision,
    cost_reference               double precision,
    cost_reference_approved      double precision,
    calibration_error_reference  double precision,
    n_random_approved            bigint NOT NULL,
    n_random_outcomes            bigint NOT NULL,
    n_overruled_outcomes         bigint NOT NULL,
    auc_unbiased                 double precision,
    auc_unbiased_low             double precision,
    auc_unbiased_high            double precision,
    cost_unbiased                double precision,
    cost_unbiased_low            double precision,
    cost_unbiased_high           double precision,
    money                        jsonb NOT NULL,
    absent                       jsonb NOT NULL,
    read_at                      timestamptz NOT NULL,
    created_at                   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (report_date, model_version)
);
COMMENT ON TABLE credit.performance_reports IS
    'What a day''s decisions came to: realised figures among the approved (auc_approved, cost_realised_approved, '
    'calibration), out-of-fold ones of the same rows (_reference), and those that the probabilities alone promise '
    '(_estimated). One current row a day of decision and model version.';
COMMENT ON COLUMN credit.performance_reports.maturity IS 'Share of the approved whose outcome is known.';
COMMENT ON COLUMN credit.performance_reports.cost_estimated_known IS
    'The estimate for the decisions with outcomes alone: what cost_realised_approved is to be compared with.';
COMMENT ON COLUMN credit.performance_reports.read_at IS
    'When decisions and outcomes were read: of two runs over one day the one that read later holds.';
COMMENT ON COLUMN credit.performance_reports.absent IS 'Why a figure is NULL, by its name.';
"""

RANDOM_APPROVALS = """
CREATE TABLE credit.random_approvals (
    prediction_id uuid PRIMARY KEY,
    share         double precision NOT NULL CHECK (share > 0 AND share <= 1),
    author        text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit.random_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change();
COMMENT ON TABLE credit.random_approvals IS
    'Refused applicants who were approved by lot, with the share that was drawn: their outcomes stand for those '
    'of all refused. A person who overrules a refusal does not belong here. Append-only.';
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in (PERFORMANCE_REPORTS, RANDOM_APPROVALS):
        op.execute(statement)


def downgrade() -> None:
    """Drop the reports, which can be computed again; refused where a lot is on record."""
    # Without it nobody can say which outcomes of refused applicants were chance.
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM credit.random_approvals) THEN
                RAISE EXCEPTION 'random approvals are on record; restore a backup instead';
            END IF;
        END $$
    """)
    op.execute("DROP TABLE credit.random_approvals")
    op.execute("DROP TABLE credit.performance_reports")
