"""Ask which days' drift is due: those that filled up, and the open day after another model went live."""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from credit_assets.jobs import drift_job
from credit_assets.predictions import N_PREDICTIONS, PREDICTIONS
from credit_assets.tags import CAUSE_TAG
from credit_risk.recompute import of_another_model, should_recompute
from resources.dagster_resources import PlatformResource
from sensors.unfinished import unfinished_runs

# Decisions of these days may still arrive (journals, imports) and are counted at every tick.
# Older days arrive by an import, whose command says how to backfill them.
WATCHED_DAYS = timedelta(days=31)


@dg.sensor(
    job=drift_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="A day whose stored predictions exceed those in its report by the volume threshold gets a new report, "
    "and so does the open day when another model has gone live.",
)
def prediction_volume_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """The days whose report is out of date, each stretch of them as one run.

    The cursor holds the days that were asked for and have no report yet, with their predictions:
    a day whose run failed is asked for again when more have come, not at every tick.
    """
    if running := unfinished_runs(context, drift_job.name):
        return dg.SensorResult(skip_reason=f"{running} runs of {drift_job.name} unfinished")
    today = datetime.now(UTC).date()
    since = today - WATCHED_DAYS
    stored = platform.prediction_log.count_by_day(since, today)
    reports = {report.report_date: report for report in platform.drift_reports.between(since, today)}
    reported = {day: report.n_predictions for day, report in reports.items()}
    due = should_recompute(stored, reported, platform.settings.volume_threshold)
    live = platform.live_models.current()
    if due.days and live is None:
        return dg.SensorResult(skip_reason=f"no model live to compare with; waiting: {due.reason}")
    marks = {day: str(stored[day]) for day in due.days}
    overtaken = of_another_model(reports[today].model_version, live) if today in reports else None
    if overtaken:
        # Not what is stored: that changes at every tick, and a report that fails would be asked for at each.
        marks[today] = f"{marks.get(today, reported[today])}@{overtaken}"
    asked = json.loads(context.cursor or "{}")
    cursor = json.dumps({day.isoformat(): mark for day, mark in marks.items()})
    days = sorted(day for day, mark in marks.items() if str(asked.get(day.isoformat())) != mark)
    if not days:
        why = "; asked for with as many already, and not reported: see the failed runs" if marks else ""
        return dg.SensorResult(skip_reason=due.reason + why, cursor=cursor)
    filled = [
        dg.AssetMaterialization(PREDICTIONS, partition=day.isoformat(), metadata={N_PREDICTIONS: stored[day]})
        for day in days
        if day in stored
    ]
    requests = [_drift_run(stretch, marks) for stretch in stretches(days)]
    return dg.SensorResult(run_requests=requests, asset_events=filled, cursor=cursor)


def stretches(days: list[date]) -> list[list[date]]:
    """Days in runs of consecutive ones, oldest first."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _drift_run(days: list[date], marks: dict[date, str]) -> dg.RunRequest:
    # The key holds the counts: the same day rings again when more has come or another model went
    # live, and only then.
    key = ",".join(f"{day}:{marks[day]}" for day in days)
    return dg.RunRequest(
        run_key=f"volume:{key}",
        tags={
            "dagster/asset_partition_range_start": days[0].isoformat(),
            "dagster/asset_partition_range_end": days[-1].isoformat(),
            CAUSE_TAG: f"another model live: {key}" if "@" in key else f"volume: {key}",
        },
    )


sensors = [prediction_volume_sensor]
