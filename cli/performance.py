"""`credit performance`: what decisions came to, shown and recomputed."""

from collections.abc import Sequence
from datetime import date

from rich.table import Table

from cli.console import console
from cli.dagster_client import DagsterClient, require_days
from credit_risk.errors import CreditError
from resources.database import open_database
from resources.performance_reports import PerformanceReports, StoredPerformanceReport
from resources.settings import load_settings

PERFORMANCE_JOB = "performance_job"

LEFT = {"day", "model"}


def show(first: date, last: date) -> None:
    """Print the stored reports of the decisions from `first` to `last`."""
    rows = PerformanceReports(open_database(load_settings())).between(first, last)
    if not rows:
        console.print(f"no performance report from {first} to {last}; make some: credit performance backfill")
        return
    console.print(performance_table(rows))
    print_notes(rows)


def backfill(first: date, last: date) -> None:
    """Recompute the days from `first` to `last` in one run, and print their reports.

    Raises:
        SettingsError: days that are none, or not there yet.
        CreditError: the run failed.
        UnavailableError: the platform does not run.
    """
    require_days(first, last)
    settings = load_settings()
    client = DagsterClient(settings)
    run_id = client.launch_range(PERFORMANCE_JOB, first, last)
    console.print(f"run {run_id}: performance of {first} to {last}")
    status = client.wait(run_id)
    show(first, last)
    if status != "SUCCESS":
        raise CreditError(
            f"run {run_id} that ended as {status}",
            expected="SUCCESS",
            remedy=f"read it at {client.page_of(run_id)}",
        )


def performance_table(rows: Sequence[StoredPerformanceReport]) -> Table:
    """The reports as a table for people; costs per approved application, AUC among the approved."""
    table = Table(title="Performance by day of decision")
    columns = (
        "day", "model", "decided", "refused", "known", "defaults", "AUC", "estimated", "out of fold",
        "cost", "estimated", "out of fold", "all: estimated",
    )  # fmt: skip
    for column in columns:
        table.add_column(column, justify="left" if column in LEFT else "right")
    for row in rows:
        table.add_row(
            row["report_date"].isoformat(), row["model_version"], str(row["n_decided"]), _share(row["refusal_rate"]),
            _share(row["maturity"]), _share(row["default_rate_approved"]),
            _figure(row, "auc_approved"), _figure(row, "auc_estimated"), _number(row["auc_reference"]),
            _figure(row, "cost_realised_approved"), _figure(row, "cost_estimated_approved"),
            _number(row["cost_reference_approved"]), _figure(row, "cost_estimated"),
        )  # fmt: skip
    return table


def print_notes(rows: Sequence[StoredPerformanceReport]) -> None:
    """What the table cannot hold: money, waiting, and figures over all applicants."""
    newest = rows[-1]
    money = newest["money"]
    if money["estimated_per_thousand"] is not None:
        line = (
            f"{newest['report_date']}: {money['estimated_per_thousand']:.1f} {money['unit']} per thousand applications"
        )
        if money["reference_per_thousand"] is not None:
            line += f" estimated, {money['reference_per_thousand']:.1f} out of fold"
        if money["waiting"] is not None:
            line += f"; {money['label_delay_days']:g} days until labels cost {money['waiting']:.1f} if that is right"
        console.print(line)
    unbiased = [row for row in rows if row["cost_unbiased"] is not None]
    for row in unbiased:
        console.print(
            f"{row['report_date']}, all applicants by lot ({row['n_random_outcomes']} of {row['n_random_approved']} "
            f"outcomes): cost {_figure(row, 'cost_unbiased')} per application, AUC {_figure(row, 'auc_unbiased')}"
        )


def _figure(row: StoredPerformanceReport, name: str) -> str:
    """A figure, and how far it may be off: the half width of its interval."""
    if row[name] is None:
        return "-"
    return f"{row[name]:.3f} ±{(row[f'{name}_high'] - row[f'{name}_low']) / 2:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
