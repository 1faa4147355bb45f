"""`credit drift`: recompute the drift reports of past days."""

from datetime import date

from rich.table import Table

from cli.console import console
from cli.dagster_client import DRIFT_JOB, DagsterClient
from credit_risk.errors import CreditError
from resources.database import open_database
from resources.drift_reports import DriftReports, StoredDriftReport
from resources.settings import load_settings

STATUS_STYLE = {"ok": "green", "warning": "yellow", "alert": "bold red", "insufficient": "dim"}


def backfill(first: date, last: date) -> None:
    """Recompute the days from `first` to `last` in one run, and print their reports.

    Raises:
        CreditError: the run failed.
        UnavailableError: the platform does not run.
    """
    settings = load_settings()
    client = DagsterClient(settings)
    run_id = client.launch_range(DRIFT_JOB, first, last)
    console.print(f"run {run_id}: drift of {first} to {last}")
    status = client.wait(run_id)
    console.print(report_table(DriftReports(open_database(settings)).between(first, last)))
    if status != "SUCCESS":
        raise CreditError(
            f"run {run_id} that ended as {status}",
            expected="SUCCESS",
            remedy=f"read it at http://127.0.0.1:{settings.dagster_port}/runs/{run_id}",
        )


def report_table(reports: list[StoredDriftReport]) -> Table:
    """The reports as a table for people."""
    table = Table(title="Drift by day")
    for column in ("day", "predictions", "drifted", "share", "status", "model"):
        table.add_column(column, justify="left" if column in {"day", "status"} else "right")
    for r in reports:
        style = STATUS_STYLE[r.status]
        table.add_row(
            r.report_date.isoformat(), str(r.n_predictions), f"{r.n_features_drifted} of {r.n_features_analyzed}",
            f"{r.drift_percentage:.0f} %", f"[{style}]{r.status}[/]", r.model_version,
        )  # fmt: skip
    return table
