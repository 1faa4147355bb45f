"""Runs that are waiting or running: what a sensor asks before it asks for another one."""

import dagster as dg

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
