"""Schedules: what the calendar asks for. All on by default, all in UTC."""

from datetime import timedelta

import dagster as dg

from credit_assets.jobs import archive_job, drift_job, partitions_job, performance_job, retention_job, training_job
from credit_assets.partitions import DAILY
from credit_assets.tags import CAUSE_TAG
from credit_risk.training_request import on_schedule
from resources.dagster_resources import PlatformResource


@dg.schedule(
    job=training_job,
    cron_schedule="0 3 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def monthly_training(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The whole graph, on the first of the month."""
    request = on_schedule(context.scheduled_execution_time.date())
    return dg.RunRequest(
        run_key=f"monthly:{context.scheduled_execution_time:%Y-%m}",
        run_config=request.run_config(),
        tags={CAUSE_TAG: request.cause},
    )


@dg.schedule(
    job=drift_job,
    cron_schedule="15 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_closing(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Yesterday's drift report, when the day is complete.

    A quarter of an hour after midnight: decisions that waited in a journal have arrived.
    """
    yesterday = (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()
    return dg.RunRequest(run_key=f"closing:{yesterday}", partition_key=yesterday)


@dg.schedule(
    job=partitions_job,
    cron_schedule="30 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_partitions(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Partitions of the prediction log, kept three months ahead."""
    return dg.RunRequest(run_key=f"partitions:{context.scheduled_execution_time:%Y-%m-%d}")


@dg.schedule(
    job=performance_job,
    cron_schedule="20 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_performance(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Yesterday's performance report: its estimate, long before its outcomes."""
    yesterday = (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()
    return dg.RunRequest(run_key=f"performance:{yesterday}", partition_key=yesterday)


@dg.schedule(
    job=archive_job,
    cron_schedule="0 1 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_archive(context: dg.ScheduleEvaluationContext, platform: PlatformResource) -> dg.RunRequest | dg.SkipReason:
    """Closed days that no file holds as they are: yesterday, and older ones that got late decisions."""
    tick = context.scheduled_execution_time
    yesterday = (tick - timedelta(days=1)).date()
    due = [day for day in platform.decision_archive.due(yesterday) if day >= DAILY.start.date()]
    if not due:
        return dg.SkipReason(f"every day with decisions up to {yesterday} is archived")
    return dg.RunRequest(
        run_key=f"archive:{tick:%Y-%m-%d}",
        tags={
            "dagster/asset_partition_range_start": due[0].isoformat(),
            "dagster/asset_partition_range_end": due[-1].isoformat(),
        },
    )


@dg.schedule(
    job=retention_job,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_retention(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Old months leave PostgreSQL, once they are archived."""
    return dg.RunRequest(run_key=f"retention:{context.scheduled_execution_time:%Y-%m-%d}")


schedules = [monthly_training, daily_closing, daily_performance, daily_partitions, daily_archive, daily_retention]
