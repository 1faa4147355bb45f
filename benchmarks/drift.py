"""`make bench ARGS="drift"`: the short form of `make bench-drift`, without Evidently and without large samples.

Here: a wide window of each kind of p-value, exact and limiting. Keep out: the other sides (`drift_bench`).
"""

import warnings
from functools import partial

from benchmarks.drift_bench import samples, scipy_loop
from benchmarks.drift_samples import N_FEATURES
from benchmarks.stopwatch import best_of, report
from credit_risk.drift import compute_drift_report

REFERENCE_ROWS = 5_000
# Up to 1,000 values p-values are exact, which costs more than the search.
WINDOWS = (400, 5_000)


def run() -> None:
    """Print the comparison for each window."""
    for rows in WINDOWS:
        reference, current = samples(N_FEATURES, (REFERENCE_ROWS, rows))
        print(f"{N_FEATURES} features, reference {REFERENCE_ROWS}, window {rows}")
        with warnings.catch_warnings():
            # SciPy warns of every column that is nearly empty.
            warnings.simplefilter("ignore")
            seconds = best_of(
                {
                    "compute_drift_report": partial(compute_drift_report, reference, current),
                    "scipy.stats.ks_2samp in a loop": partial(scipy_loop, reference, current),
                }
            )
        report(seconds, "compute_drift_report")
