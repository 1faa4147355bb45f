"""Operations: is the service up, fast and recording, and what waits? From Prometheus alone."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.parts import (
    GREEN,
    RED,
    THIRD,
    YELLOW,
    Visual,
    bars_over_time,
    dashboard,
    number,
    over_time,
    promql,
    steps,
)

JOB = '{job="credit-service"}'
BAD_IF_ANY = ((1, RED),)


def operations() -> Dashboard:
    """The operator's first page."""
    board = dashboard(
        "credit-operations",
        "Credit: operations",
        "Is the service up, fast and recording, and what waits?",
        since="now-6h",
    )
    for panel in _now():
        board = board.with_panel(panel)
    board = board.with_row(Row("Requests"))
    for panel in _requests():
        board = board.with_panel(panel)
    board = board.with_row(Row("Record"))
    for panel in _record():
        board = board.with_panel(panel)
    return board


def _now() -> list[Visual]:
    down_is_bad = steps((1, GREEN), below=RED)
    return [
        number("Alerts", "How many alerts ring now?", "none",
               promql('sum(ALERTS{alertstate="firing",service="credit"}) or vector(0)'), steps(*BAD_IF_ANY)),
        number("Instances up", "How many instances of the service answer?", "none",
               promql(f"sum(up{JOB})"), down_is_bad, ("ServiceDown",)),
        number("PostgreSQL", "Do decisions go to the database (1) or to the journal (0)?", "none",
               promql(f"min(credit_database_up{JOB})"), down_is_bad, ("DatabaseDown",)),
        number("Registry", "Does the service follow the model registry (1)?", "none",
               promql(f"min(credit_registry_up{JOB})"), down_is_bad, ("RegistryDown", "ModelRefused")),
        number("Age of the model", "How long ago was the model that answers trained?", "d",
               promql(f"(time() - max(credit_model_trained_timestamp_seconds{JOB} != 0)) / 86400"),
               steps((31, YELLOW), (45, RED)), ("ModelOld",)),
        number("Waiting", "How many decisions wait in local journals?", "short",
               promql(f"sum(credit_journal_records{JOB})"), steps((1, YELLOW), (1000, RED)), ("JournalGrowing",)),
    ]  # fmt: skip


def _requests() -> list[Visual]:
    return [
        bars_over_time("Answers by status", "How much is asked, and with what success?", "reqps",
                       promql(f"sum by (status) (rate(credit_requests_total{JOB}[$__rate_interval]))", "{{status}}"),
                       alerts=("NoPredictions",)),
        over_time("Time to a decision", "How long does POST /predict take?", "s",
                  promql(f"job:credit_predict_seconds:p50_5m{JOB}", "p50", ref_id="A"),
                  promql(f"job:credit_predict_seconds:p95_5m{JOB}", "p95", ref_id="B"),
                  promql(f"job:credit_predict_seconds:p99_5m{JOB}", "p99", ref_id="C"),
                  alerts=("LatencyP95High", "LatencyP99High")).thresholds(steps((0.25, YELLOW), (1, RED))),
        over_time("Server errors", "Which share of the answers did the service spoil itself?", "percentunit",
                  promql(f"job:credit_request_errors:ratio_rate5m{JOB}", "5xx"),
                  alerts=("ErrorRateElevated", "ErrorRateHigh")).thresholds(steps((0.01, YELLOW), (0.05, RED))).min(0),
        over_time("Stages of a decision", "Where does the time go?", "s",
                  promql(f"histogram_quantile(0.95, sum by (stage, le) (rate(credit_stage_seconds_bucket{JOB}"
                         "[$__rate_interval])))", "{{stage}} p95")),
        bars_over_time("Answers by route", "What is asked for?", "reqps",
                       promql(f"sum by (route) (rate(credit_requests_total{JOB}[$__rate_interval]))", "{{route}}")),
        over_time("Decisions", "How many decisions a second are put on record, of how many requests?", "reqps",
                  promql(f"job:credit_decisions:rate5m{JOB}", "decisions", ref_id="A"),
                  promql(f"job:credit_requests:rate5m{JOB}", "requests", ref_id="B"), alerts=("NoPredictions",)),
        over_time("Share refused", "Does the share of refusals of the last hour hold?", "percentunit",
                  promql(f"job:credit_refused:ratio_rate1h{JOB}", "refused")).min(0).max(1),
        over_time("Missing features a decision", "Do callers send what the model was trained on?", "short",
                  promql(f"sum(rate(credit_features_missing_total{JOB}[$__rate_interval]))"
                         f" / sum(rate(credit_decisions_total{JOB}[$__rate_interval]))", "missing")),
    ]  # fmt: skip


def _record() -> list[Visual]:
    return [
        over_time("Journal", "How many decisions wait for the database?", "short",
                  promql(f"sum by (instance) (credit_journal_records{JOB})", "{{instance}}"),
                  alerts=("JournalGrowing", "JournalNearlyFull")).span(THIRD),
        over_time("Age of the journal", "How long has the oldest of them waited?", "s",
                  promql(f"max by (instance) (credit_journal_age_seconds{JOB})", "{{instance}}"),
                  alerts=("JournalOld",)).span(THIRD).thresholds(steps((60, YELLOW), (900, RED))),
        over_time("Decisions a write", "How many decisions share a commit, in PostgreSQL and in the journal?", "short",
                  promql(f"sum by (to) (rate(credit_write_batch_sum{JOB}[$__rate_interval]))"
                         f" / sum by (to) (rate(credit_write_batch_count{JOB}[$__rate_interval]))", "{{to}}"),
                  ).span(THIRD),
        over_time("Size of the database", "When is it full?", "bytes",
                  promql(f"max(credit_database_bytes{JOB})", "database", ref_id="A"),
                  promql(f"max(credit_database_limit_bytes{JOB}) or vector(0)", "limit (0: none set)", ref_id="B"),
                  alerts=("DatabaseNearlyFull", "DatabaseFull")),
        over_time("Reports that are missing", "For how long has a closed day with decisions had no report?", "s",
                  promql(f"max by (report) ((time() - credit_report_missing_since_timestamp_seconds{JOB})"
                         f" * (credit_report_missing_since_timestamp_seconds{JOB} != bool 0))", "{{report}}"),
                  alerts=("ReportLate",)).thresholds(steps((21600, RED))),
        over_time("Version that answers", "Which model answers, and since when?", "none",
                  promql(f"max by (model_version) (credit_model_info{JOB})", "version {{model_version}}"),
                  alerts=("ModelRefused",)).max(1).min(0),
        over_time("Cost per application", "Do decisions cost what training promised? (newest report)", "short",
                  promql(f"max by (end) (credit_cost_estimated{JOB})", "estimated, {{end}}", ref_id="A"),
                  promql(f"max(credit_cost_reference{JOB})", "promised", ref_id="B"), alerts=("CostAboveBudget",)),
    ]  # fmt: skip
