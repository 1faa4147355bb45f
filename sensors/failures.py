"""Ring when a run fails, whoever asked for it."""

import dagster as dg

from resources.alerts import Alert, ring


@dg.run_failure_sensor(
    name="run_failure_alert_sensor",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="Every failed run rings: job, run and error, in the log and at Alertmanager.",
)
def run_failure_alert_sensor(context: dg.RunFailureSensorContext) -> None:
    """One alert a failed run."""
    run = context.dagster_run
    ring(
        Alert(
            name="RunFailed",
            severity="critical",
            summary=f"{run.job_name} failed: {context.failure_event.message}",
            link=f"/runs/{run.run_id}",
            job=run.job_name,
        )
    )


sensors = [run_failure_alert_sensor]
