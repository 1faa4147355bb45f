"""Two frames, feature by feature: every test that a rule may ask for, made once.

Here: the tests of values and of missingness, side by side. Add a test here when it applies to
single features. Keep out: corrections, thresholds and verdicts (`credit_risk.drift`), which are
cheap and can be had for several rules from one comparison.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.two_sample.contingency import compare_mixes, compare_shares
from credit_risk.two_sample.kinds import Kind, kinds, level_counts, numeric_values
from credit_risk.two_sample.kolmogorov_smirnov import SortedColumns, kolmogorov_smirnov

Integers = NDArray[np.int64]


def compare_frames(reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Test each feature for a change of its values and for a change of its missing share.

    Values: two-sample Kolmogorov-Smirnov for numbers (size: the statistic), chi-squared for
    categories (size: total-variation distance less that of a clean window), missing values left
    out. Missingness: the two-proportion test, Fisher's where counts are small (size: absolute
    difference of the shares).

    Args:
        reference: one sample, at least one row.
        current: the other sample; may have no rows, then nothing can be tested.
        features: columns of both frames.

    Returns:
        One row a feature in the order given: `feature`, `kind`, `ks_stat` (NaN for a category),
        `value_p`, `value_size`, `missing_p`, `missing_size`, `missing_reference`,
        `missing_current` (shares). P-values are NaN where the data allow no test.

    Raises:
        DriftError: columns that are neither numbers nor categories, or not the same in both.
    """
    of_feature = kinds(reference, current, features)
    numeric = [feature for feature, kind in of_feature.items() if kind == "numeric"]
    categorical = [feature for feature, kind in of_feature.items() if kind == "categorical"]
    parts = [_numbers(reference, current, numeric), _categories(reference, current, categorical)]
    values = pd.concat([part for part in parts if len(part)]).loc[list(of_feature)]
    n_reference, n_current = len(reference), len(current)
    missing_reference = n_reference - values.pop("n_reference").to_numpy(dtype=np.int64)
    missing_current = n_current - values.pop("n_current").to_numpy(dtype=np.int64)
    share_reference = missing_reference / n_reference
    share_current = missing_current / n_current if n_current else np.full(len(values), np.nan)
    values["missing_p"] = _missingness(missing_reference, n_reference, missing_current, n_current)
    values["missing_size"] = np.abs(share_current - share_reference)
    values["missing_reference"] = share_reference
    values["missing_current"] = share_current
    return values.rename_axis("feature").reset_index()


def _numbers(reference: pd.DataFrame, current: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Tests of numeric values, indexed by feature."""
    one = SortedColumns.of([numeric_values(reference[feature]) for feature in features])
    other = SortedColumns.of([numeric_values(current[feature]) for feature in features])
    test = kolmogorov_smirnov(one, other)
    return _values(features, "numeric", test.statistic, test.p_value, test.statistic, one.counts, other.counts)


def _categories(reference: pd.DataFrame, current: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Tests of category mixes, indexed by feature."""
    counts = [level_counts(reference[feature], current[feature]) for feature in features]
    tests = [compare_mixes(one, other) for one, other in counts]
    return _values(
        features,
        "categorical",
        np.full(len(features), np.nan),
        np.array([test.p_value for test in tests]),
        np.array([test.size for test in tests]),
        np.array([one.sum() for one, _ in counts]),
        np.array([other.sum() for _, other in counts]),
    )


def _values(
    features: list[str],
    kind: Kind,
    ks_stat: NDArray[np.float64],
    p_value: NDArray[np.float64],
    size: NDArray[np.float64],
    n_reference: Integers,
    n_current: Integers,
) -> pd.DataFrame:
    """The columns that both kinds share; counts are of values that are not missing."""
    columns = {"kind": [kind] * len(features), "ks_stat": ks_stat, "value_p": p_value, "value_size": size}
    return pd.DataFrame(columns | {"n_reference": n_reference, "n_current": n_current}, index=features)


def _missingness(
    missing_reference: Integers, n_reference: int, missing_current: Integers, n_current: int
) -> NDArray[np.float64]:
    """P-values of equal missing shares; NaN where none or all are missing, or the window is empty."""
    if not n_current:
        return np.full(len(missing_reference), np.nan)
    whole = np.ones(len(missing_reference), dtype=np.int64)
    return compare_shares(missing_reference, whole * n_reference, missing_current, whole * n_current)
