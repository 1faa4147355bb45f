"""Ask whether a drift alert or the cost of the live model's decisions calls for a retraining. Never compute either."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from credit_assets.drift import ALL_DRIFTED, DRIFT_REPORT, DRIFTED, MODEL_VERSION, STATUS
from credit_assets.jobs import RETRAINED, training_job
from credit_assets.tags import CAUSE_KEYS_TAG, CAUSE_TAG
from credit_risk.cost_alarm import NO_COST, Basis, CostJudgement, CostReference, has_evidence, judge_cost, references
from credit_risk.retraining import MAX_FAILURES, WEEK, DriftAlert, Verdict, should_retrain
from credit_risk.training_request import of_verdict
from resources.cost_reports import cost_reports
from resources.dagster_resources import PlatformResource
from sensors.unfinished import unfinished_runs

# The most reports that one tick reads: a year's backfill, twice.
REPORTS_A_TICK = 1000

# Failed retrainings that are looked through for the causes that they were to answer: causes live
# for two days, in which a broken training cannot fail more often.
FAILED_RUNS = 20

# By database and version: what a model promised never changes, and a tick is every ten seconds.
_PROMISED: dict[tuple[str, str], dict[Basis, CostReference]] = {}


@dg.sensor(
    job=training_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="A drift alert of today or yesterday for the live model, or decisions of it that cost surely more "
    "than promised, not answered yet, are causes to retrain: one run for all of them.",
)
def drift_retraining_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """One retraining for all causes that are known now; none while one runs or the cool-down lasts.

    The cursor passes an alert once it is answered, or no cause any more. While its retraining runs
    it waits, and when that run was killed, another one answers it.
    """
    failures = _failures(context)
    reports, newest = _reports(context, failures)
    now = datetime.now(UTC)
    live = platform.live_models.current()
    live_version = live.model_version if live else None
    cost = _cost(platform, live_version, now)
    cooldown = timedelta(hours=platform.settings.retrain_cooldown_hours)
    verdict = should_retrain(
        [*reports, *(replace(alarm, failures=failures[alarm.key]) for alarm in cost.alarms)],
        now=now,
        live_version=live_version,
        answered=platform.retraining_causes.answered(now.date() - timedelta(days=1)),
        running=unfinished_runs(context, training_job.name),
        recent_retrainings=platform.retraining_causes.answers_since(now - max(WEEK, cooldown)),
        cooldown=cooldown,
        max_per_week=platform.settings.retrain_max_per_week,
    )
    cursor = newest if verdict.consume else context.cursor
    if not verdict.act:
        looked = f"; cost: {cost.reason}" if cost.reason else ""
        return dg.SensorResult(skip_reason=verdict.reason + looked, cursor=cursor)
    return dg.SensorResult(run_requests=[_retraining(verdict)], cursor=cursor)


def _reports(context: dg.SensorEvaluationContext, failures: Counter[str]) -> tuple[list[DriftAlert], str | None]:
    """The drift reports after the cursor, and where it goes once they are done with."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=DRIFT_REPORT, after_storage_id=int(context.cursor or 0)),
        limit=REPORTS_A_TICK,
        ascending=True,
    ).records
    reports = [
        replace(each, failures=failures[each.key]) for record in records if (each := _report(record)) is not None
    ]
    if len(reports) < len(records):
        context.log.warning("%d drift reports without figures, told by hand: no cause", len(records) - len(reports))
    return reports, str(records[-1].storage_id) if records else context.cursor


def _report(record: dg.EventLogRecord) -> DriftAlert | None:
    """What a record of `drift_report` says; None when a person reported it by hand, without figures."""
    materialization = record.asset_materialization
    if materialization is None or materialization.partition is None or STATUS not in materialization.metadata:
        return None
    metadata = materialization.metadata
    drifted = metadata[DRIFTED]
    return DriftAlert(
        report_date=datetime.fromisoformat(materialization.partition).date(),
        model_version=str(metadata[MODEL_VERSION].value),
        status=str(metadata[STATUS].value),
        drifted=frozenset(_names(drifted)),
        all_drifted=frozenset(_names(metadata.get(ALL_DRIFTED, drifted))),
        storage_id=record.storage_id,
    )


def _names(value: Any) -> list[str]:  # noqa: ANN401  # a JSON metadata value
    return [str(name) for name in value.value]


def _cost(platform: PlatformResource, live_version: str | None, now: datetime) -> CostJudgement:
    """What the live model's decisions cost, beside what it promised."""
    if live_version is None:
        return NO_COST
    reports = cost_reports(platform.database, live_version)
    # MLflow is imported in seconds, and asked only when there is something to compare.
    if not has_evidence(reports):
        return NO_COST
    return judge_cost(
        reports,
        live_version=live_version,
        promised=_promised(platform, live_version),
        answered_until=platform.retraining_causes.cost_answered_until(live_version),
        today=now.date(),
    )


def _promised(platform: PlatformResource, version: str) -> dict[Basis, CostReference]:
    known = (platform.database.url, version)
    if known not in _PROMISED:
        manifest = platform.registry.manifest(version)
        _PROMISED[known] = references(manifest.metrics, manifest.threshold)
    return _PROMISED[known]


def _failures(context: dg.SensorEvaluationContext) -> Counter[str]:
    """By a cause's key, how many retrainings for it failed; one that a person cancelled is not tried again."""
    ended = context.instance.get_runs(
        dg.RunsFilter(
            job_name=training_job.name,
            statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
        ),
        limit=FAILED_RUNS,
    )
    failures: Counter[str] = Counter()
    for run in ended:
        weight = MAX_FAILURES if run.status == dg.DagsterRunStatus.CANCELED else 1
        for key in run.tags.get(CAUSE_KEYS_TAG, "").split():
            failures[key] += weight
    return failures


def _retraining(verdict: Verdict) -> dg.RunRequest:
    # The causes, not the day: a report of the same day in which more has drifted rings again. The
    # newest alert stands for those before it.
    newest = max(verdict.alerts, key=lambda alert: alert.storage_id, default=None)
    named = ([f"drift:{newest.storage_id}"] if newest else []) + [alarm.key for alarm in verdict.costs]
    # Dagster runs a key once, for ever: another run for the same causes is another key.
    failed = max(cause.failures for cause in verdict.causes)
    return dg.RunRequest(
        run_key="+".join(named) + (f":again{failed}" if failed else ""),
        asset_selection=RETRAINED,
        run_config=of_verdict(verdict).run_config(),
        tags={
            CAUSE_TAG: verdict.reason,
            CAUSE_KEYS_TAG: " ".join(dict.fromkeys(cause.key for cause in verdict.causes)),
        },
    )


sensors = [drift_retraining_sensor]
