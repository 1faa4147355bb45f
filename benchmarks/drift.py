"""A drift report of a wide window: ours, and the loop over SciPy that most projects have.

Ours makes three kinds of tests with corrected p-values; the loop makes the Kolmogorov-Smirnov test alone.
"""

from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.stopwatch import best_of, report
from credit_risk.drift import compute_drift_report

N_FEATURES = 419
REFERENCE_ROWS = 5_000
WINDOWS = (400, 5_000)
# As in the engineered features: about a quarter of the values is missing.
MISSING_SHARE = 0.25


def sample(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Numeric features, some heavy-tailed and some discrete, with missing values."""
    values = rng.standard_normal((n, N_FEATURES))
    values[:, ::3] = np.exp(values[:, ::3])
    values[:, 1::3] = np.round(values[:, 1::3])
    values[rng.random(values.shape) < MISSING_SHARE] = np.nan
    return pd.DataFrame(values, columns=[f"F{i}" for i in range(N_FEATURES)])


def scipy_loop(reference: pd.DataFrame, current: pd.DataFrame) -> list[float]:
    """One `ks_2samp` a feature."""
    return [
        float(stats.ks_2samp(reference[name].dropna(), current[name].dropna(), method="asymp").pvalue)
        for name in reference.columns
    ]


def run() -> None:
    """Print the comparison for each window."""
    rng = np.random.default_rng(0)
    reference = sample(REFERENCE_ROWS, rng)
    for rows in WINDOWS:
        current = sample(rows, rng)
        print(f"{N_FEATURES} features, reference {REFERENCE_ROWS}, window {rows}")
        seconds = best_of(
            {
                "compute_drift_report": partial(compute_drift_report, reference, current),
                "scipy.stats.ks_2samp in a loop": partial(scipy_loop, reference, current),
            }
        )
        report(seconds, "compute_drift_report")
