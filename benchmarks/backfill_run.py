"""One run of `drift_job` over a range of days, in this process, on the platform that the environment names.

Here: the run, and the clocks around its parts. Prints one line of JSON. Keep out: making the platform.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any


@dataclass
class Figures:
    """Seconds of a run and of its parts, and what it left.

    Attributes:
        before: from the start of the process to the start of the run: imports and Dagster's plan.
        run: from the start of the run to its end.
        reading: of it, in the log.
        comparing: of it, in the drift reports of the days.
        pages: of it, in the newest day's pages and its classifier.
        rows: reports of the range.
        checks: evaluations of the range that passed or failed.
    """

    before: float = 0.0
    run: float = 0.0
    reading: float = 0.0
    comparing: float = 0.0
    pages: float = 0.0
    rows: int = 0
    checks: int = 0


def main(n_days: int, last: date) -> Figures:
    """Run the job and say what it took."""
    started = time.time()
    import dagster as dg

    from credit_assets import drift_days
    from definitions import build_defs
    from resources import day_comparison, drift_pages
    from resources.dagster_resources import PlatformResource
    from resources.prediction_log import PredictionLog
    from resources.settings import REPOSITORY, load_settings

    figures = Figures()
    home = load_settings().dagster_home
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    _clock_items(PredictionLog, "features_between", figures, "reading")
    _clock(PredictionLog, "decisions_frame", figures, "reading")
    _clock(day_comparison.DayComparer, "compare", figures, "comparing")
    _clock(drift_pages.DriftPages, "write", figures, "pages")
    _clock(drift_days, "with_separation", figures, "pages")
    first = last - timedelta(days=n_days - 1)
    tags = {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
    with dg.DagsterInstance.from_config(str(home)) as instance:
        job = build_defs().resolve_job_def("drift_job")
        result = job.execute_in_process(instance=instance, tags=tags)
        stats: Any = instance.get_run_stats(result.run_id)
        figures.before, figures.run = stats.start_time - started, stats.end_time - stats.start_time
        figures.rows = len(PlatformResource().drift_reports.between(first, last))
        figures.checks = len(result.get_asset_check_evaluations())
    return figures


def _clock(owner: Any, name: str, figures: Figures, field: str) -> None:  # noqa: ANN401  # a class or a module
    work = getattr(owner, name)

    def clocked(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever it takes and gives
        with _added(figures, field):
            return work(*args, **kwargs)

    setattr(owner, name, clocked)


def _clock_items(owner: Any, name: str, figures: Figures, field: str) -> None:  # noqa: ANN401  # a class
    work: Callable[..., Iterator[Any]] = getattr(owner, name)

    def clocked(*args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401  # whatever it takes
        items = work(*args, **kwargs)
        while True:
            with _added(figures, field):
                item = next(items, None)
            if item is None:
                return
            yield item

    setattr(owner, name, clocked)


@contextmanager
def _added(figures: Figures, field: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    setattr(figures, field, getattr(figures, field) + time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(asdict(main(int(sys.argv[1]), date.fromisoformat(sys.argv[2])))))
