"""Decisions: what was decided, for which reasons, and what came of it? From PostgreSQL."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.parts import (
    FULL,
    HALF,
    RED,
    YELLOW,
    Visual,
    bars,
    bars_over_time,
    dashboard,
    model_version,
    number,
    over_time,
    rows,
    sql,
    steps,
)

WHERE = "$__timeFilter(created_at) AND model_version IN ($model_version)"
REPORTED = "$__timeFilter(report_date::timestamp) AND model_version IN ($model_version)"


def decisions() -> Dashboard:
    """The risk officer's page."""
    board = dashboard(
        "credit-decisions",
        "Credit: decisions",
        "What was decided, for which reasons, and what came of it?",
        since="now-7d",
    ).with_variable(model_version())
    for panel in _figures():
        board = board.with_panel(panel)
    for panel in _over_time():
        board = board.with_panel(panel)
    board = board.with_row(Row("Quality"))
    for panel in _quality():
        board = board.with_panel(panel)
    return board


def _figures() -> list[Visual]:
    return [
        number("Decisions", "How many applications were decided?", "short",
               sql(f"SELECT count(*) AS decisions FROM credit.predictions WHERE {WHERE}")),
        number("Refused", "Which share was refused?", "percentunit",
               sql(f"SELECT avg(prediction::float8) AS refused FROM credit.predictions WHERE {WHERE}")),
        number("Mean probability", "How risky were the applicants?", "percentunit",
               sql(f"SELECT avg(probability) AS probability FROM credit.predictions WHERE {WHERE}")),
        number("Outcomes", "Of how many decisions do we know what came of them?", "short",
               sql("SELECT count(DISTINCT prediction_id) AS outcomes FROM credit.outcomes"
                   " WHERE $__timeFilter(observed_at)")),
        number("Inference p95", "How long does the model take?", "ms",
               sql("SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY inference_time_ms) AS p95"
                   f" FROM credit.predictions WHERE {WHERE}")),
        number("Live model", "Which version is live?", "none",
               sql("SELECT 'version ' || model_version AS live FROM credit.live_models WHERE live_to IS NULL")),
    ]  # fmt: skip


def _over_time() -> list[Visual]:
    return [
        bars_over_time("Decisions", "How many are approved and refused?", "short",
                       sql(f"""SELECT $__timeGroupAlias(created_at, $__interval), decision AS metric, count(*) AS n
                               FROM credit.predictions WHERE {WHERE} GROUP BY 1, 2 ORDER BY 1""", over_time=True)),
        over_time("Share refused", "Does the share of refusals hold?", "percentunit",
                  sql(f"""SELECT $__timeGroupAlias(created_at, $__interval), 'model ' || model_version AS metric,
                                 avg(prediction::float8) AS refused
                          FROM credit.predictions WHERE {WHERE} GROUP BY 1, 2 ORDER BY 1""", over_time=True)),
        bars("Probabilities", "Where do the applicants lie, and where is the threshold?", "short",
             sql(f"""SELECT to_char(0.05 * (least(width_bucket(probability, 0, 1, 20), 20) - 1), 'FM0.00')
                                AS probability,
                            count(*) FILTER (WHERE decision = 'APPROVED') AS approved,
                            count(*) FILTER (WHERE decision = 'REFUSED') AS refused
                     FROM credit.predictions WHERE {WHERE} GROUP BY 1 ORDER BY 1"""), x="probability"),
        rows("Reasons of refusals", "For which reasons were applicants refused?",
             sql(f"""SELECT reason->>'code' AS code, min(reason->>'reason') AS sentence, count(*) AS refusals
                     FROM credit.predictions, jsonb_array_elements(reasons) AS reason
                     WHERE {WHERE} AND decision = 'REFUSED' GROUP BY 1 ORDER BY 3 DESC LIMIT 20""")),
        rows("Newest decisions", "What was decided last? The id leads to the stored decision; the client is not shown.",
             sql(f"""SELECT created_at AS time, prediction_id, round(probability::numeric, 4) AS probability,
                            threshold, decision, model_version, n_features_missing
                     FROM credit.predictions WHERE {WHERE} ORDER BY created_at DESC LIMIT 100"""), width=FULL),
    ]  # fmt: skip


def _quality() -> list[Visual]:
    return [
        over_time("Cost per application", "Do decisions cost what training promised? (10 a default, 1 a good refused)",
                  "short",
                  sql(f"""SELECT report_date::timestamp AS time, cost_estimated AS "estimated",
                                 cost_estimated_low AS "low", cost_estimated_high AS "high",
                                 cost_reference AS "promised"
                          FROM credit.performance_reports WHERE {REPORTED} ORDER BY 1""", over_time=True),
                  alerts=("CostAboveBudget",)),
        over_time("AUC among the approved", "Does the model still rank? Among the approved, as their outcomes come in.",
                  "short",
                  sql(f"""SELECT report_date::timestamp AS time, auc_approved AS "realised",
                                 auc_reference AS "promised", auc_estimated AS "estimated, all"
                          FROM credit.performance_reports WHERE {REPORTED} ORDER BY 1""", over_time=True)),
        rows("Days", "How mature are the figures of a day?",
             sql(f"""SELECT report_date AS day, model_version, n_decided, n_approved, n_outcomes, n_defaults,
                            maturity, cost_estimated, cost_realised_approved, auc_approved
                     FROM credit.performance_reports WHERE {REPORTED} ORDER BY report_date DESC LIMIT 100"""),
             width=HALF),
        rows("Live models", "Which model was live when, why, and who said so?",
             sql("""SELECT live_from AS time, live_to, model_version, cause, author
                    FROM credit.live_models ORDER BY live_from DESC LIMIT 50"""), width=HALF),
        number("Estimated cost against the promise", "By how much does the newest estimate exceed it?", "percentunit",
               sql("""SELECT cost_estimated / nullif(cost_reference, 0) - 1 AS excess FROM credit.performance_reports
                      WHERE cost_estimated IS NOT NULL AND cost_reference IS NOT NULL
                        AND model_version IN ($model_version)
                      ORDER BY report_date DESC LIMIT 1"""), steps((0.05, YELLOW), (0.1, RED)),
               ("CostAboveBudget",)),
    ]  # fmt: skip
