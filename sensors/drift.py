"""Ask which days' drift is due, and whether an alert calls for a retraining. Never compute either here."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from credit_assets.drift import ALL_DRIFTED, DRIFT_REPORT, DRIFTED, MODEL_VERSION, STATUS
from credit_assets.jobs import RETRAINED, drift_job, training_job
from credit_assets.model import CREDIT_MODEL
from credit_assets.predictions import N_PREDICTIONS, PREDICTIONS
from credit_risk.recompute import should_recompute
from credit_risk.retraining import WEEK, DriftAlert, should_retrain
from resources.dagster_resources import PlatformResource

# Read by people, by the demo and by the audit: why a run exists.
CAUSE_TAG = "credit/cause"

# Decisions of these days may still arrive (journals, imports) and are counted at every tick.
# Older days arrive by an import, whose command says how to backfill them.
WATCHED_DAYS = timedelta(days=31)

# The most reports that one tick reads: a year's backfill, twice.
REPORTS_A_TICK = 1000

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def unfinished_runs(context: dg.SensorEvaluationContext, job_name: str) -> int:
    """Runs of a job that are waiting or running."""
    return context.instance.get_runs_count(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED))


@dg.sensor(
    job=drift_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="A day whose stored predictions exceed those in its report by the volume threshold gets a new report.",
)
def prediction_volume_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """The days that filled up since their last report, each stretch of them as one run.

    The cursor holds the days that were asked for and have no report yet, with their predictions:
    a day whose run failed is asked for again when more have come, not at every tick.
    """
    if running := unfinished_runs(context, drift_job.name):
        return dg.SensorResult(skip_reason=f"{running} runs of {drift_job.name} unfinished")
    today = datetime.now(UTC).date()
    since = today - WATCHED_DAYS
    stored = platform.prediction_log.count_by_day(since, today)
    due = should_recompute(
        stored, platform.drift_reports.reported_counts(since, today), platform.settings.volume_threshold
    )
    if due.days and platform.live_models.current() is None:
        return dg.SensorResult(skip_reason=f"no model live to compare with; waiting: {due.reason}")
    asked = json.loads(context.cursor or "{}")
    cursor = json.dumps({day.isoformat(): stored[day] for day in due.days})
    days = [day for day in due.days if asked.get(day.isoformat()) != stored[day]]
    if not days:
        why = "; asked for with as many already, and not reported: see the failed runs" if due.days else ""
        return dg.SensorResult(skip_reason=due.reason + why, cursor=cursor)
    filled = [
        dg.AssetMaterialization(PREDICTIONS, partition=day.isoformat(), metadata={N_PREDICTIONS: stored[day]})
        for day in days
    ]
    requests = [_drift_run(stretch, stored) for stretch in stretches(days)]
    return dg.SensorResult(run_requests=requests, asset_events=filled, cursor=cursor)


@dg.sensor(
    job=training_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="A drift alert of today or yesterday for the live model, not answered yet, is a cause to retrain.",
)
def drift_retraining_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """One retraining for all causes since the last tick; none while one runs or the cool-down lasts."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=DRIFT_REPORT, after_storage_id=int(context.cursor or 0)),
        limit=REPORTS_A_TICK,
        ascending=True,
    ).records
    if not records:
        return dg.SensorResult(skip_reason="no new drift report")
    alerts = [alert for record in records if (alert := _alert(record)) is not None]
    if len(alerts) < len(records):
        context.log.warning("%d drift reports without figures, told by hand: no cause", len(records) - len(alerts))
    now = datetime.now(UTC)
    live = platform.live_models.current()
    cooldown = timedelta(hours=platform.settings.retrain_cooldown_hours)
    verdict = should_retrain(
        alerts,
        now=now,
        live_version=live.model_version if live else None,
        answered=platform.retraining_causes.answered(now.date() - timedelta(days=1)),
        running=unfinished_runs(context, training_job.name),
        recent_retrainings=platform.retraining_causes.answers_since(now - max(WEEK, cooldown)),
        cooldown=cooldown,
        max_per_week=platform.settings.retrain_max_per_week,
    )
    cursor = str(records[-1].storage_id) if verdict.consume else context.cursor
    if not verdict.act:
        return dg.SensorResult(skip_reason=verdict.reason, cursor=cursor)
    return dg.SensorResult(run_requests=[_retraining(verdict.reason, verdict.causes, int(cursor or 0))], cursor=cursor)


def stretches(days: list[date]) -> list[list[date]]:
    """Days in runs of consecutive ones, oldest first."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _drift_run(days: list[date], stored: dict[date, int]) -> dg.RunRequest:
    # The key holds the counts: the same day rings again when more has come, and only then.
    key = ",".join(f"{day}:{stored[day]}" for day in days)
    return dg.RunRequest(
        run_key=f"volume:{key}",
        tags={
            "dagster/asset_partition_range_start": days[0].isoformat(),
            "dagster/asset_partition_range_end": days[-1].isoformat(),
            CAUSE_TAG: f"volume: {key}",
        },
    )


def _alert(record: dg.EventLogRecord) -> DriftAlert | None:
    """What a record of `drift_report` says; None when a person reported it by hand, without figures."""
    materialization = record.asset_materialization
    if materialization is None or materialization.partition is None or STATUS not in materialization.metadata:
        return None
    metadata = materialization.metadata
    drifted = metadata[DRIFTED]
    return DriftAlert(
        report_date=date.fromisoformat(materialization.partition),
        model_version=str(metadata[MODEL_VERSION].value),
        status=str(metadata[STATUS].value),
        drifted=frozenset(_names(drifted)),
        all_drifted=frozenset(_names(metadata.get(ALL_DRIFTED, drifted))),
        storage_id=record.storage_id,
    )


def _names(value: Any) -> list[str]:  # noqa: ANN401  # a JSON metadata value
    return [str(name) for name in value.value]


def _retraining(reason: str, causes: tuple[DriftAlert, ...], storage_id: int) -> dg.RunRequest:
    answers: dict[str, set[str]] = defaultdict(set)
    for cause in causes:
        answers[cause.report_date.isoformat()] |= cause.all_drifted
    config = {
        "cause": reason,
        "answers": {day: sorted(features) for day, features in answers.items()},
        "alerted_model": causes[0].model_version,
    }
    return dg.RunRequest(
        # The cause, not the day: a report of the same day in which more has drifted rings again.
        run_key=f"drift:{storage_id}",
        asset_selection=RETRAINED,
        run_config={"ops": {CREDIT_MODEL.to_python_identifier(): {"config": config}}},
        tags={CAUSE_TAG: reason},
    )


sensors = [prediction_volume_sensor, drift_retraining_sensor]
