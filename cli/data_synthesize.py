"""`credit data synthesize`: a made-up portfolio in the Kaggle format, with progress and a summary.

Here: what the person at the terminal sees. Keep out: how the portfolio is made (simulation.portfolio).
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from cli.console import console
from simulation.kaggle_csv import file_name
from simulation.portfolio import CLIENTS, PortfolioSummary, synthesize

BAR = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:,} of {task.total:,}", justify="right"),
    TimeElapsedColumn(),
    TextColumn("left:"),
    TimeRemainingColumn(),
)


def data_synthesize(clients: int, seed: int, out: Path, overwrite: bool) -> None:  # noqa: FBT001  # a command's flag
    """Write the eight CSV files of `clients` made-up applicants into `out` and say what they hold.

    Raises:
        SettingsError: see `simulation.portfolio.synthesize`.
    """
    # A bar is drawn over itself: in a file or a pipe it would be noise.
    with _stoppable(), Progress(*BAR, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        show(CLIENTS, 0, clients)
        summary = synthesize(clients, seed, out, show, overwrite=overwrite)
    console.print(f"{summary.clients:,} made-up clients in {summary.out}", soft_wrap=True, markup=False)
    console.print(_table(summary))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Being terminated is as being interrupted: the unfinished files are removed, and that is said."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print("stopped: no file was written")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _table(summary: PortfolioSummary) -> Table:
    table = Table()
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
