"""A made-up window against a real reference: what the drift report would say of a population that moved.

Here: applicants drawn from one half of a reference, moved, and compared with the other half by the drift
core. The halves are kept apart, because a window drawn from its own reference would look cleaner than any
real one. Keep out: how populations move (`simulation.traffic`), and the tests (`credit_risk.drift`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from credit_risk.drift import DriftReport, PreparedReference, compute_drift_report
from simulation.traffic import DriftKind, simulate_drift


def halves(reference: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two halves of a sample, drawn by chance: to compare with, and to draw applicants from."""
    order = rng.permutation(len(reference))
    middle = len(order) // 2
    return reference.iloc[order[:middle]], reference.iloc[order[middle:]]


def simulated_report(
    reference: PreparedReference,
    population: pd.DataFrame,
    kind: DriftKind,
    intensity: float,
    size: int,
    *,
    monitored: Sequence[str],
    rng: np.random.Generator,
    rule: str = "corrected",
) -> DriftReport:
    """The report of a window of `size` applicants of a population that moved.

    Args:
        reference: of applicants that are not in the population.
        population: to draw from, without replacement as long as there are enough.
        kind: of the drift.
        intensity: in standard deviations of each feature.
        size: of the window.
        monitored: features of the report.
        rng: draws and moves.
        rule: by which features count as drifted.
    """
    rows = rng.choice(len(population), size=size, replace=size > len(population))
    drawn = population[list(monitored)].iloc[rows].reset_index(drop=True)
    window = simulate_drift(drawn, kind, intensity, rng, spread_of=population[list(monitored)])
    return compute_drift_report(reference, window, features=list(monitored), rule=rule)
