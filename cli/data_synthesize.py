"""`credit data synthesize`: a made-up portfolio in the Kaggle format, with progress and a summary.

Here: what the person at the terminal sees. Keep out: how the portfolio is made (simulation.portfolio).
"""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from simulation.kaggle_csv import file_name
from simulation.portfolio import PortfolioSummary, synthesize


def data_synthesize(clients: int, seed: int, out: Path, overwrite: bool) -> None:  # noqa: FBT001  # a command's flag
    """Write the eight CSV files of `clients` made-up applicants into `out` and say what they hold.

    Raises:
        SettingsError: see `simulation.portfolio.synthesize`.
    """
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("clients", total=clients)
        summary = synthesize(
            clients,
            seed,
            out,
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            overwrite=overwrite,
        )
    console.print(_table(summary))


def _table(summary: PortfolioSummary) -> Table:
    table = Table(title=f"{summary.clients:,} made-up clients in {summary.out}", title_justify="left")
    table.add_column("file")
    table.add_column("rows", justify="right")
    for name, rows in summary.rows.items():
        table.add_row(file_name(name), f"{rows:,}")
    table.add_section()
    table.add_row("all files", f"{sum(summary.rows.values()):,}")
    table.add_section()
    table.add_row("default rate", f"{summary.default_rate:.2%}")
    table.add_row("best possible AUC", f"{summary.best_auc:.3f}")
    table.add_row("seconds", f"{summary.seconds:.1f}")
    return table
