"""Ask which days' performance reports are due, because outcomes of their decisions arrived. Never compute here."""

from datetime import UTC, date, datetime

import dagster as dg

from credit_assets.jobs import performance_job
from credit_assets.outcomes import LAST_OUTCOME, N_NEW, OUTCOMES
from credit_assets.partitions import DAILY
from credit_assets.tags import CAUSE_TAG
from credit_risk.performance_due import DueReports, reports_due
from resources.dagster_resources import PlatformResource
from resources.outcomes import NewOutcomes
from sensors.unfinished import unfinished_runs


@dg.sensor(
    job=performance_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    # Outcomes come in orders of thousands: a report for each order would be computed while the next one arrives.
    minimum_interval_seconds=30,
    description="Days whose decisions got outcomes get a new performance report.",
)
def outcome_volume_sensor(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
    """The days of decision of the outcomes that were recorded since the last look, in few runs.

    The cursor is the last outcome seen. It stays while a performance run is unfinished: what arrives
    meanwhile is one more run, not one for each order.
    """
    if running := unfinished_runs(context, performance_job.name):
        return dg.SensorResult(skip_reason=f"{running} runs of {performance_job.name} unfinished")
    seen = int(context.cursor or 0)
    new = platform.outcomes.since(seen)
    if new.last_id == seen:
        return dg.SensorResult(skip_reason=f"no outcome after number {seen}", cursor=str(seen))
    due = reports_due(new.by_day, first_day=_first_day(), last_day=datetime.now(UTC).date(), unknown=new.unknown)
    return dg.SensorResult(
        run_requests=_requests(due, new),
        asset_events=_grown(due, new),
        skip_reason=None if due.act else due.reason,
        cursor=str(new.last_id),
    )


def _first_day() -> date:
    start: datetime = DAILY.start
    return start.date()


def _requests(due: DueReports, new: NewOutcomes) -> list[dg.RunRequest]:
    return [
        dg.RunRequest(
            # The outcomes, not the days: later ones of the same days are another cause.
            run_key=f"outcomes:{new.last_id}:{first}",
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
                CAUSE_TAG: f"outcomes: {due.reason}",
            },
        )
        for first, last in due.ranges
    ]


def _grown(due: DueReports, new: NewOutcomes) -> list[dg.AssetMaterialization]:
    """`outcomes` grew: told to the graph by day of decision."""
    return [
        dg.AssetMaterialization(OUTCOMES, partition=day.isoformat(), metadata={N_NEW: count, LAST_OUTCOME: new.last_id})
        for day, count in sorted(new.by_day.items())
        if any(first <= day <= last for first, last in due.ranges)
    ]


sensors = [outcome_volume_sensor]
