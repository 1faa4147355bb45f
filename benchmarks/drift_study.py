"""`make study-drift`: how often a drift report is wrong, and how much it sees.

Here: the run over all windows, in two processes, and what the person at the terminal sees of it. Keep out: which
windows (`drift_study_trials`), and the page that comes out (`drift_study_page`).
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.drift_study_page import DOCS, write
from benchmarks.drift_study_rates import Figures, load, save, summed
from benchmarks.drift_study_tables import promises
from benchmarks.drift_study_trials import KINDS, WINDOWS, Batch, batches, effort, run
from benchmarks.portfolios import CACHE
from credit_risk.errors import CreditError

KEPT = CACHE / "drift_study.json"
# Figures of fewer windows than promised do not replace those of the documentation, unless told to.
TRIED = CACHE / "drift_study"

KINDS_HELP = f"only these windows ({', '.join(KINDS)}); figures of the others are those of earlier runs"

SEED = 0
PROCESSES = 2

BAR = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.percentage:.0f} %", justify="right"),
    TimeElapsedColumn(),
    TextColumn("left:"),
    TimeRemainingColumn(),
)


def judged(planned: Sequence[Batch], processes: int) -> Figures:
    """All batches, in processes of their own; the order in which they end does not show in the figures."""
    # Two processes that take two cores each only get in each other's way.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    console = Console(stderr=True)
    with (
        Progress(*BAR, console=console, transient=True, disable=not console.is_terminal) as bar,
        # Started anew: a copy of this process would keep the threads that were counted when NumPy was loaded.
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
    ):
        task = bar.add_task("judging windows", total=sum(effort(batch) for batch in planned))
        futures = {pool.submit(run, batch): number for number, batch in enumerate(planned)}

        def parts() -> Iterator[tuple[int, Figures]]:
            for future in as_completed(futures):
                bar.advance(task, effort(planned[futures[future]]))
                yield futures[future], future.result()

        # Sums of sizes are of floats: always in the same order.
        return summed(part for _, part in sorted(parts(), key=lambda part: part[0]))


def measured(options: argparse.Namespace) -> Figures:
    """The figures of this run, and of earlier ones for the kinds that were not asked for."""
    started = time.perf_counter()
    before = load(KEPT) if set(options.kinds) != set(KINDS) and KEPT.exists() else {}
    planned = [batch for batch in batches(options.windows, options.seed) if batch.kind in options.kinds]
    figures = {**before, **judged(planned, options.processes)}
    print(f"judged in {time.perf_counter() - started:.0f} s", flush=True)
    return figures


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift_study",
        description="Measure false alarms of drift reports on clean windows, and detection power for shifts of known "
        "size, with the rules of credit_risk.drift. Writes the tables and pictures of docs/drift_error_rates.md, or "
        f"with fewer than {WINDOWS:,} windows a copy of the page in {TRIED}.",
    )
    parser.add_argument("--windows", type=int, default=WINDOWS, metavar="N", help=f"clean ones of a cell ({WINDOWS:,})")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"of all windows ({SEED})")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS], metavar="KIND", help=KINDS_HELP)
    parser.add_argument("--processes", type=int, default=PROCESSES, metavar="N", help=f"side by side ({PROCESSES})")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the page is renewed")
    parser.add_argument("--again", action="store_true", help="write the page from the figures of the last run")
    options = parser.parse_args(arguments)
    if min(options.windows, options.processes) < 1:
        parser.error("found windows or processes below 1; expected at least one of each; correct the option")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and write its page. Returns the exit code: 1 where a promise is missed."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        figures = load(KEPT) if options.again else measured(options)
        save(KEPT, figures)
        page = write(options.out or (DOCS if options.windows >= WINDOWS else TRIED), figures)
    except (CreditError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    lines = promises(figures)
    print(*lines, f"\nthe page: {page}", sep="\n")
    return int(any("missed" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
