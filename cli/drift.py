"""`credit drift`: recompute the drift reports of past days, show one, make its pages."""

from datetime import date, datetime
from time import sleep

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.console import console
from cli.dagster_client import DRIFT_JOB, FINISHED, POLL_S, DagsterClient, require_days
from credit_risk.errors import CreditError
from resources.database import open_database
from resources.drift_reports import DriftReportInFull, DriftReports, StoredDriftReport
from resources.settings import load_settings

STATUS_STYLE = {"ok": "green", "warning": "yellow", "alert": "bold red", "insufficient": "dim"}


def backfill(first: date, last: date) -> None:
    """Recompute the days from `first` to `last` in one run, and print their reports.

    Raises:
        SettingsError: days that are none, or not there yet.
        CreditError: the run failed; the days that it reported stand.
        UnavailableError: the platform does not run.
    """
    require_days(first, last)
    settings = load_settings()
    reports = DriftReports(open_database(settings))
    client = DagsterClient(settings)
    started = reports.now()
    run_id = client.launch_range(DRIFT_JOB, first, last)
    console.print(f"run {run_id}: drift of {first} to {last}")
    status = _followed(client, run_id, reports, (first, last, started))
    console.print(report_table(reports.between(first, last)))
    if status != "SUCCESS":
        done = len(reports.written_since(first, last, started))
        raise CreditError(
            f"run {run_id} that ended as {status} with {done} of {(last - first).days + 1} days reported",
            expected="SUCCESS",
            remedy=f"read why at {client.page_of(run_id)}, and run it again",
        )


def show(day: date) -> None:
    """Print the report of a day.

    Raises:
        CreditError: it has none.
    """
    report = DriftReports(open_database(load_settings())).in_full(day)
    if report is None:
        raise _without_report(day)
    for line in heading(report):
        console.print(line)
    console.print(details_table(report))


def page(day: date) -> None:
    """Make the pages of a day from its stored decisions, and print where they are.

    Raises:
        CreditError: it has too few decisions for a page, or cannot be compared.
    """
    from resources.pages_on_demand import pages_of

    written = pages_of(load_settings(), day)
    console.print(f"{day}: {written.page}", soft_wrap=True)
    console.print(f"{day}: {written.evidently} (Evidently)", soft_wrap=True)


def heading(report: DriftReportInFull) -> list[str]:
    """What a day's report says in a few lines."""
    row = report.row
    status = f"[{STATUS_STYLE[row.status]}]{row.status}[/]"
    drifted = f"{row.n_features_drifted} of {row.n_features_analyzed} features drifted ({row.drift_percentage:.0f} %)"
    compared = f"{row.n_predictions:,} predictions against model {row.model_version}"
    lines = [f"{row.report_date}: {status}, {drifted}, {compared}"]
    for name, said in (report.by_rule or {}).items():
        decides = " (decides)" if name == row.rule else ""
        lines.append(f"  rule {name}{decides}: {said['status']}, {said['n_features_drifted']} drifted")
    if report.score:
        moved = "moved" if report.score["drifted"] else "did not move"
        lines.append(f"  the score {moved}: size {_number(report.score['size'])}")
    if report.multivariate:
        low, high = (_number(report.multivariate[name]) for name in ("null_low", "null_high"))
        told = _number(report.multivariate["auc"])
        lines.append(f"  all features at once: told apart with AUC {told} (nothing moved: {low} to {high})")
    return lines


def details_table(report: DriftReportInFull) -> Table:
    """The features of a day's report, largest change first."""
    table = Table(title=f"Features on {report.row.report_date}")
    for column in ("feature", "kind", "size", "KS", "p", "q", "missing then", "now", ""):
        table.add_column(column, justify="left" if column in {"feature", "kind", ""} else "right", overflow="fold")
    for detail in report.details:
        numbers = [_number(detail.get(name)) for name in ("size", "ks_stat", "p_value", "q_value")]
        shares = [f"{100 * detail[name]:.0f} %" for name in ("missing_reference", "missing_current")]
        table.add_row(
            detail["feature"], detail["kind"], *numbers, *shares, "[bold red]drifted[/]" if detail["drifted"] else ""
        )
    return table


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


def _followed(client: DagsterClient, run_id: str, reports: DriftReports, window: tuple[date, date, datetime]) -> str:
    """Wait for the run's end, showing how far it is by the days that it has reported. Returns its status."""
    first, last, _ = window
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("waiting for the run", total=(last - first).days + 1)
        while True:
            status, _ = client.steps(run_id)
            if done := reports.written_since(*window):
                progress.update(task, completed=len(done), description=done[-1].report_date.isoformat())
            if status in FINISHED:
                return status
            sleep(POLL_S)


def _without_report(day: date) -> CreditError:
    return CreditError(
        f"no drift report of {day}",
        expected="a day that was reported",
        remedy=f"run `credit drift backfill --from {day} --to {day}`",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
