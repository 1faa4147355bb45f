"""SciPy as the judge of the two-sample tests."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats


@pytest.fixture(scope="session")
def ks_by_scipy() -> Callable[..., tuple[float, float]]:
    """Statistic and p-value of two arrays, NaN left out, by `method="exact"` or `"asymp"`."""

    def test(one: np.ndarray, other: np.ndarray, method: str) -> tuple[float, float]:
        with warnings.catch_warnings(record=True) as given_up:
            warnings.simplefilter("always")
            result = stats.ks_2samp(one[~np.isnan(one)], other[~np.isnan(other)], method=method)
        # SciPy gives up on exactness where rounding lifts a certain outcome above 1.
        return float(result.statistic), 1.0 if given_up else float(result.pvalue)

    return test
