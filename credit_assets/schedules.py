"""Schedules: what the calendar asks for. All on by default, all in UTC."""

from datetime import timedelta

import dagster as dg

from credit_assets.jobs import drift_job, partitions_job, training_job


@dg.schedule(
    job=training_job,
    cron_schedule="0 3 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def monthly_training(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The whole graph, on the first of the month."""
    return dg.RunRequest(run_key=f"monthly:{context.scheduled_execution_time:%Y-%m}")


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


schedules = [monthly_training, daily_closing, daily_partitions]
