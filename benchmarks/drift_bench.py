"""`make bench-drift`: a wide window against its reference, ours beside Evidently and a loop over SciPy.

Here: the sides, run in turn in one process, and the figures as Markdown. Keep out: whether verdicts
are right (`drift_study`), and the samples (`drift_samples`).
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.drift_samples import N_FEATURES, made_features, sample
from credit_risk.domain_classifier import tell_apart
from credit_risk.drift import PreparedReference, compute_drift_report

SEED = 0
SMALL = (5_000, 5_000)
LARGE = (307_511, 100_000)
MONITORED = 30

OURS = "ours: `compute_drift_report`, frames in"
PREPARED = "ours, reference prepared before"
PREPARING = "preparing the reference, once a model"
SCIPY = "`scipy.stats.ks_2samp` in a loop"
EVIDENTLY = "Evidently's `DataDriftPreset`, KS"
TOGETHER = f"`tell_apart`, {MONITORED} features together"

# The least of several runs is what the code needs, the rest is what else ran. The slow ones get one run.
REPETITIONS = {OURS: 5, PREPARED: 5, PREPARING: 3, SCIPY: 2, EVIDENTLY: 1, TOGETHER: 3}
REPETITIONS_LARGE = {OURS: 3, PREPARED: 3, PREPARING: 3, SCIPY: 1}


@dataclass(frozen=True)
class Timing:
    """Least seconds of a side's runs: on the clock, and of all its threads."""

    wall: float
    cpu: float


def measure(sides: Mapping[str, Callable[[], object]], repetitions: Mapping[str, int]) -> dict[str, Timing]:
    """Run the sides in turn, each as often as it is told."""
    timings: dict[str, list[Timing]] = {name: [] for name in sides}
    for turn in range(max(repetitions[name] for name in sides)):
        for name, work in sides.items():
            if turn < repetitions[name]:
                timings[name].append(timed(work))
                print(f"{name}: {timings[name][-1].wall:.2f} s", file=sys.stderr, flush=True)
    return {name: Timing(min(run.wall for run in runs), min(run.cpu for run in runs)) for name, runs in timings.items()}


def timed(work: Callable[[], object]) -> Timing:
    """One run."""
    with warnings.catch_warnings():
        # Peers warn of every column that is nearly empty; ours reports it as untestable.
        warnings.simplefilter("ignore")
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def scipy_loop(reference: pd.DataFrame, current: pd.DataFrame) -> list[float]:
    """One `ks_2samp` a feature, with the asymptotic p-value, which is its fast one."""
    from scipy import stats

    return [
        float(stats.ks_2samp(reference[name].dropna(), current[name].dropna(), method="asymp").pvalue)
        for name in reference.columns
    ]


def evidently_preset(reference: pd.DataFrame, current: pd.DataFrame) -> object:
    """The preset that most projects start with, by Kolmogorov-Smirnov; no page is written."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    # It refuses a whole report over one column without values.
    drawn = [name for name in reference.columns if reference[name].notna().any() and current[name].notna().any()]
    definition = DataDefinition(numerical_columns=drawn)
    one, other = (Dataset.from_pandas(frame[drawn], data_definition=definition) for frame in (reference, current))
    return Report([DataDriftPreset(num_method="ks", num_threshold=0.05)]).run(other, one)


def small(n_features: int, rows: tuple[int, int], *, evidently: bool) -> dict[str, Timing]:
    """A window and a reference of some thousand rows: what a day is."""
    reference, current = samples(n_features, rows)
    prepared = PreparedReference.of(reference)
    features = list(reference.columns[:MONITORED])
    sides: dict[str, Callable[[], object]] = {
        OURS: partial(compute_drift_report, reference, current),
        PREPARED: partial(compute_drift_report, prepared, current),
        SCIPY: partial(scipy_loop, reference, current),
        TOGETHER: lambda: tell_apart(reference, current, features=features, rng=np.random.default_rng(SEED)),
    }
    if evidently:
        # Imported before the clock starts: the first use of a library is not its speed.
        evidently_preset(reference.iloc[:50, :2], current.iloc[:50, :2])
        sides[EVIDENTLY] = partial(evidently_preset, reference, current)
    return measure(sides, REPETITIONS)


def large(n_features: int, rows: tuple[int, int], *, scipy: bool) -> dict[str, Timing]:
    """All training clients against a day of a hundred thousand predictions."""
    reference, current = samples(n_features, rows)
    prepared = PreparedReference.of(reference)
    sides: dict[str, Callable[[], object]] = {
        OURS: partial(compute_drift_report, reference, current),
        PREPARING: partial(PreparedReference.of, reference),
        PREPARED: partial(compute_drift_report, prepared, current),
    }
    if scipy:
        sides[SCIPY] = partial(scipy_loop, reference, current)
    return measure(sides, REPETITIONS_LARGE)


def samples(n_features: int, rows: tuple[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference and window of one population."""
    rng = np.random.default_rng(SEED)
    features = made_features(n_features)
    return sample(features, rows[0], rng), sample(features, rows[1], rng)


def table(timings: Mapping[str, Timing]) -> Iterator[str]:
    """A row a side: seconds, and how many times ours it took."""
    ours = timings[OURS]
    yield "| side | wall | CPU | side / ours, wall | side / ours, CPU |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, timing in timings.items():
        ratios = f"{timing.wall / ours.wall:.1f} x | {timing.cpu / ours.cpu:.1f} x"
        yield f"| {name} | {timing.wall:.3f} s | {timing.cpu:.3f} s | {ratios} |"


def heading(n_features: int, rows: tuple[int, int]) -> str:
    """What a table is about."""
    return f"{n_features} features, reference {rows[0]:,} rows, window {rows[1]:,} rows:"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift_bench",
        description="Compare a window with its reference by ours, by a loop over SciPy and by Evidently, "
        "in turn in one process, and print seconds and ratios as Markdown.",
    )
    parser.add_argument("--features", type=int, default=N_FEATURES, help="numeric features (419)")
    parser.add_argument("--scale", type=float, default=1.0, help="rows of both comparisons, as a share (1)")
    parser.add_argument("--only", choices=["small", "large"], help="one of the two comparisons")
    parser.add_argument("--no-peers", action="store_true", help="leave out Evidently, and SciPy on the large samples")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the samples, run the sides, print the figures. Returns the exit code."""
    options = parsed(sys.argv[1:] if arguments is None else arguments)
    comparisons = {
        "small": (SMALL, partial(small, evidently=not options.no_peers)),
        "large": (LARGE, partial(large, scipy=not options.no_peers)),
    }
    for name, (full, compare) in comparisons.items():
        if options.only in {None, name}:
            rows = (max(round(full[0] * options.scale), 50), max(round(full[1] * options.scale), 50))
            timings = compare(options.features, rows)
            print(heading(options.features, rows), "", *table(timings), "", sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
