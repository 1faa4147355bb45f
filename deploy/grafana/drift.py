"""Drift: has the population moved, and which of its features? From PostgreSQL and Prometheus."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.parts import (
    FULL,
    RED,
    STATUS_COLOURS,
    YELLOW,
    Visual,
    bars,
    dashboard,
    model_version,
    number,
    over_time,
    promql,
    rows,
    sql,
    states,
    steps,
)

WHERE = "$__timeFilter(report_date::timestamp) AND model_version IN ($model_version)"
NEWEST = """(SELECT * FROM credit.drift_reports WHERE model_version IN ($model_version)
             ORDER BY report_date DESC LIMIT 1)"""


def drift() -> Dashboard:
    """The data scientist's page of the population."""
    board = dashboard(
        "credit-drift",
        "Credit: drift",
        "Has the population moved since training, and which of its features?",
        since="now-30d",
    ).with_variable(model_version())
    for panel in _now():
        board = board.with_panel(panel)
    for panel in _history():
        board = board.with_panel(panel)
    board = board.with_row(Row("Features"))
    for panel in _features():
        board = board.with_panel(panel)
    return board


def _now() -> list[Visual]:
    shares = steps((0.1, YELLOW), (0.3, RED))
    return [
        number("Drifted features", "Which share of the monitored features drifted in the live model's newest report?",
               "percentunit", promql('max(credit_drift_ratio{job="credit-service"})'), shares,
               ("DriftWarning", "DriftAlert")),
        number("Status", "What did the newest report say?", "none",
               sql(f"SELECT status FROM {NEWEST} newest"), alerts=("DriftWarning", "DriftAlert")),
        number("Decisions in it", "How many decisions is that from? Below 30 nothing is said.", "short",
               sql(f"SELECT n_predictions FROM {NEWEST} newest"), steps((30, "green"), below=YELLOW)),
        number("Made", "How old is it?", "s",
               sql(f"SELECT extract(epoch FROM now() - created_at) AS age FROM {NEWEST} newest"),
               alerts=("ReportLate",)),
        number("Alerts in sight", "How many days were in alert?", "short",
               sql("SELECT count(*) FILTER (WHERE status = 'alert') AS alerts"
                   f" FROM credit.drift_reports WHERE {WHERE}"),
               steps((1, RED)), ("DriftAlert",)),
        number("Retrainings", "How many trainings answered a cause in this time?", "short",
               sql("SELECT count(DISTINCT run_id) AS trainings FROM credit.retraining_causes"
                   " WHERE $__timeFilter(answered_at)")),
    ]  # fmt: skip


def _history() -> list[Visual]:
    return [
        states("Status by day", "Which days were a warning, which an alert?",
               sql(f"""SELECT report_date::timestamp AS time, status FROM credit.drift_reports
                       WHERE {WHERE} ORDER BY 1"""), STATUS_COLOURS),
        over_time("Drifted features", "How far has the population moved, day by day?", "percent",
                  sql(f"""SELECT report_date::timestamp AS time, 'model ' || model_version AS metric,
                                 drift_percentage AS drifted
                          FROM credit.drift_reports WHERE {WHERE} ORDER BY 1""", over_time=True),
                  alerts=("DriftWarning", "DriftAlert")).thresholds(steps((10, YELLOW), (30, RED))).min(0).max(100),
        over_time("Decisions a day", "How much was each report made from?", "short",
                  sql(f"""SELECT report_date::timestamp AS time, n_predictions FROM credit.drift_reports
                          WHERE {WHERE} ORDER BY 1""", over_time=True)),
    ]  # fmt: skip


def _features() -> list[Visual]:
    details = (
        "jsonb_to_recordset(drift_details) AS d(feature text, kind text, size float8, q_value float8, drifted boolean)"
    )
    return [
        bars("Size by feature, newest report", "Which features moved most? From a size of 0.1 on, if it is no chance.",
             "short",
             sql(f"SELECT feature, size FROM {NEWEST} newest, {details} ORDER BY size DESC NULLS LAST LIMIT 30"),
             x="feature"),
        rows("Features that drift most often", "Which features keep moving?",
             sql(f"""SELECT feature, min(kind) AS kind, count(*) FILTER (WHERE drifted) AS days_drifted,
                            count(*) AS days,
                            max(size) AS largest_size
                     FROM credit.drift_reports, {details} WHERE {WHERE}
                     GROUP BY feature ORDER BY 3 DESC, 5 DESC NULLS LAST LIMIT 50""")),
        rows("Reference", "What did the features look like in training?",
             sql("""SELECT feature_name, model_version, n_samples, mean, std, q25, median, q75
                    FROM credit.training_reference WHERE model_version IN ($model_version)
                    ORDER BY feature_name LIMIT 500"""), width=FULL),
    ]  # fmt: skip
