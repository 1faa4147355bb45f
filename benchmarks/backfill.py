"""`make bench-backfill`: a year of drift reports in one run, from stored predictions to rows and checks.

Here: a platform with so many days of made-up decisions, the run in a process of its own, and what
its parts take alone. Keep out: the run itself (`backfill_run`), and the decisions (`backfill_log`).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import date

from benchmarks.backfill_log import fill_log, put_reference
from benchmarks.backfill_run import Figures
from benchmarks.memory import measured, python
from benchmarks.serving_model import bench
from benchmarks.serving_platform import Platform, running_platform

N_FEATURES = 419
LAST_DAY = date(2026, 1, 31)
DAYS, PER_DAY = 365, 1_000
# As many decisions again, in days ten times as large.
GROWN_DAYS, GROWN_PER_DAY = 36, 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS, help="of the run (365)")
    parser.add_argument("--per-day", type=int, default=PER_DAY, help="predictions a day (1,000)")
    parser.add_argument("--no-growth", action="store_true", help="leave out the days of 10,000 predictions")
    options = parser.parse_args(arguments)
    sizes = [(options.days, options.per_day)]
    if not options.no_growth:
        sizes.append((max(1, options.days * GROWN_DAYS // DAYS), GROWN_PER_DAY))
    print(f"{N_FEATURES} features, reference 3,000, 30 monitored; load before the start {os.getloadavg()[0]:.1f}")
    for line in HEAD:
        print(line)
    for days, per_day in sizes:
        with running_platform(bench(N_FEATURES)) as platform:
            put_reference(platform.database, platform.settings)
            fill_log(platform.database, platform.settings, days=days, per_day=per_day, last=LAST_DAY)
            for title in ("first run", "again"):
                print(row(platform, days, per_day, title), flush=True)
    return 0


_COLUMNS = (
    "run s", "ms a day", "of it: reading s", "comparing s", "pages s", "the rest s",
    "before the run s", "CPU s", "peak MB", "rows", "checks",
)  # fmt: skip
HEAD = (f"| days x predictions | run | {' | '.join(_COLUMNS)} |", "| --- | --- |" + " ---: |" * len(_COLUMNS))


def row(platform: Platform, days: int, per_day: int, title: str) -> str:
    """One run, as a row of the table."""
    environment = {**os.environ, **platform.environment(0), "DAGSTER_HOME": str(platform.settings.dagster_home)}
    environment.pop("CREDIT_API_PORT")
    usage = measured(python("benchmarks.backfill_run", str(days), LAST_DAY.isoformat()), environment)
    figures = Figures(**json.loads(usage.said.splitlines()[-1]))
    rest = figures.run - figures.reading - figures.comparing - figures.pages
    cells = [f"{days} x {per_day:,}", title, f"{figures.run:.1f}", f"{1000 * figures.run / days:.0f}"]
    cells += [f"{seconds:.1f}" for seconds in (figures.reading, figures.comparing, figures.pages, rest)]
    cells += [f"{figures.before:.1f}", f"{usage.cpu:.1f}", f"{usage.peak / 1e6:,.0f}"]
    cells += [str(figures.rows), str(figures.checks)]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
