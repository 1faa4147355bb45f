"""`credit data check`: a folder of CSV files against the eight tables, with every problem of every file.

It loads each file into a scratch folder exactly as the raw assets do, so that what passes here loads there.
Keep out: the checks themselves (resources.raw_files, credit_risk.tables).
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.console import console
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.orphans import Orphans
from credit_risk.tables.violations import Violation, counted
from resources.raw_files import RawSummary, orphans, stage

# They come with the eight tables in the same download; nothing reads them.
HARMLESS_EXTRAS = frozenset({"HomeCredit_columns_description.csv", "sample_submission.csv"})


@dataclass(frozen=True)
class FileReport:
    """What the check found out about one file.

    Attributes:
        table: name of the table.
        path: where its file is, or should be.
        violations: everything that is wrong with it.
        summary: what it holds; None when it could not be read at all.
        orphans: by parent tables, rows that point nowhere: valid, and counted. Empty unless both files are good.
    """

    table: str
    path: Path
    violations: tuple[Violation, ...]
    summary: RawSummary | None
    orphans: dict[str, Orphans]


def check_folder(folder: Path) -> list[FileReport]:
    """Check every file of a folder, and whether the histories point into the applications.

    Returns:
        One report a table, in the order of the catalogue, whether its file is there or not.
    """
    with tempfile.TemporaryDirectory(prefix="credit-check-") as scratch:
        parquet = {name: Path(scratch) / f"{name}.parquet" for name in TABLES}
        staged = {name: stage(folder / raw.file_name, parquet[name], name) for name, raw in TABLES.items()}
        good = {name: parquet[name] for name, file in staged.items() if not file.violations}
        twice = _labelled_twice(good, staged["application_test"].summary)
        return [
            FileReport(
                table=name,
                path=folder / TABLES[name].file_name,
                violations=file.violations + (twice if name == "application_test" else ()),
                summary=file.summary,
                orphans=_orphans(name, good),
            )
            for name, file in staged.items()
        ]


def data_check(directory: Path) -> int:
    """Print what `check_folder` finds. Returns the exit code: 0 when every file is good, else 1."""
    if not directory.is_dir():
        what = "a file" if directory.exists() else "nothing"
        console.print(
            f"[red]found {what} at {escape(str(directory))}; expected a folder with the eight CSV files[/red]"
        )
        return 1
    with console.status("reading the eight tables"):
        reports = check_folder(directory)
    print_reports(console, reports)
    extras = unknown_files(directory)
    if extras:
        console.print(f"[yellow]not read, no table has these names:[/yellow] {escape(', '.join(extras))}")
    return 1 if any(report.violations for report in reports) else 0


def unknown_files(folder: Path) -> list[str]:
    """CSV files that are neither a table nor known to come with them."""
    expected = {raw.file_name for raw in TABLES.values()} | HARMLESS_EXTRAS
    return sorted(path.name for path in folder.glob("*.csv") if path.name not in expected)


def print_reports(console: Console, reports: list[FileReport]) -> None:
    """One line a file, then every problem in full, then the rows that point nowhere."""
    console.print(_overview(reports))
    for report in reports:
        for violation in report.violations:
            console.print(f"[red]{report.path.name}[/red]: {escape(str(violation))}")
    lost = _pointing_nowhere(reports)
    if lost.row_count:
        console.print(lost)


def _overview(reports: list[FileReport]) -> Table:
    table = Table("file", Column("rows", justify="right"), Column("MB", justify="right"), "result")
    for report in reports:
        rows = f"{report.summary.rows:,}" if report.summary else ""
        size = f"{report.summary.bytes / 1e6:,.1f}" if report.summary else ""
        n = len(report.violations)
        result = f"[red]{counted(n, 'problem')}[/red]" if n else "[green]OK[/green]"
        table.add_row(report.path.name, rows, size, result)
    return table


def _pointing_nowhere(reports: list[FileReport]) -> Table:
    title = "rows that point nowhere: valid, only counted"
    columns = ("file", "has no parent in", Column("rows", justify="right"), Column("keys", justify="right"))
    table = Table(*columns, title=title)
    for report in reports:
        for parents, found in report.orphans.items():
            if found.rows:
                table.add_row(report.path.name, parents, f"{found.rows:,}", f"{found.keys:,}")
    return table


def _orphans(name: str, good: dict[str, Path]) -> dict[str, Orphans]:
    """Orphans by what they do not point to, as far as the files on both sides are good."""
    return {
        " or ".join(foreign.tables): orphans(good[name], [good[parent] for parent in foreign.tables], foreign.column)
        for foreign in TABLES[name].parents
        if {name, *foreign.tables} <= good.keys()
    }


def _labelled_twice(good: dict[str, Path], test: RawSummary | None) -> tuple[Violation, ...]:
    """Clients of application_test that application_train has as well: they would be two rows of one client."""
    if test is None or not {"application_train", "application_test"} <= good.keys():
        return ()
    alone = orphans(good["application_test"], good["application_train"], "SK_ID_CURR")
    n_both = test.rows - alone.rows
    if not n_both:
        return ()
    return (
        Violation(
            table="application_test",
            column="SK_ID_CURR",
            check="in_one_application_table",
            n_rows=n_both,
            examples=(),
            found=f"{counted(n_both, 'client')} of application_test.csv that application_train.csv has too",
            expected="every client in one of the two",
            remedy="remove these clients from application_test.csv",
        ),
    )
