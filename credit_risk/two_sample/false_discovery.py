"""Control of the false discovery rate over the tests of one window.

Here: the adjustment of p-values for how many were looked at. Keep out: the level at which an
adjusted p-value counts (`credit_risk.drift`).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjusted p-values: the smallest false discovery rate at which each test would be rejected.

    Valid for independent and for positively dependent tests, as those of correlated features are.

    Args:
        p_values: any shape; NaN where nothing was tested, which does not count as a test.

    Returns:
        Adjusted p-values of the same shape, NaN where nothing was tested.

    Source: Benjamini and Hochberg (1995), Controlling the false discovery rate.
    """
    adjusted = np.full(p_values.shape, np.nan)
    tested = ~np.isnan(p_values)
    observed = p_values[tested]
    order = np.argsort(observed)[::-1]
    ranks = np.arange(len(observed), 0, -1)
    steps = np.minimum.accumulate(observed[order] * len(observed) / ranks)
    result = np.empty(len(observed))
    result[order] = np.minimum(steps, 1.0)
    adjusted[tested] = result
    return adjusted
