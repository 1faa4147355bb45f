"""A reference and a window, feature by feature: every test that a rule may ask for, made once.

Here: the tests of values and of missingness, side by side. Add a test here when it applies to
single features. Keep out: corrections, thresholds and verdicts (`credit_risk.drift`), which are
cheap and can be had for several rules from one comparison.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.two_sample.contingency import compare_mixes, compare_shares
from credit_risk.two_sample.kinds import agreed_kinds, kinds_of, level_counts, numeric_values, side_by_side
from credit_risk.two_sample.kolmogorov_smirnov import kolmogorov_smirnov
from credit_risk.two_sample.prepared import THREADS, PreparedReference, threads_for
from credit_risk.two_sample.sorted_columns import SortedColumns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_VALUES: Floats = np.empty(0)


def compare_frames(
    reference: PreparedReference, current: pd.DataFrame, features: Sequence[str], *, threads: int = THREADS
) -> pd.DataFrame:
    """Test each feature for a change of its values and for a change of its missing share.

    Values: two-sample Kolmogorov-Smirnov for numbers (size: the statistic), chi-squared for
    categories (size: total-variation distance less that of a clean window), missing values left
    out. Missingness: the two-proportion test, Fisher's where counts are small (size: absolute
    difference of the shares).

    Args:
        reference: one sample, at least one row.
        current: the other sample; may have no rows, then nothing can be tested. A feature that it
            lacks is missing in all its rows.
        features: names in the reference, each at most one column of `current`.
        threads: how many columns are compared at once, where they are long.

    Returns:
        One row a feature in the order given: `feature`, `kind`, `ks_stat` (NaN for a category),
        `value_p`, `value_size`, `missing_p`, `missing_size`, `missing_reference`,
        `missing_current` (shares). P-values are NaN where the data allow no test.

    Raises:
        DriftError: columns that are neither numbers nor categories, or not the same in both.
    """
    kinds = agreed_kinds(reference.kinds, kinds_of(current, features))
    numeric = [feature for feature, kind in kinds.items() if kind == "numeric"]
    categorical = [feature for feature, kind in kinds.items() if kind == "categorical"]
    n_threads = threads_for(max(reference.n_rows, len(current)), threads)
    parts = [_numbers(reference, current, numeric, n_threads), _categories(reference, current, categorical)]
    # Back from "numbers, then categories" to the order that was asked for.
    place = {feature: row for row, feature in enumerate([*numeric, *categorical])}
    order = np.array([place[feature] for feature in kinds], dtype=np.int64)
    ks_stat, p_value, size, n_one, n_other = (np.concatenate(column)[order] for column in zip(*parts, strict=True))
    missing_reference, missing_current = reference.n_rows - n_one, len(current) - n_other
    share_reference = missing_reference / reference.n_rows
    share_current = missing_current / len(current) if len(current) else np.full(len(order), np.nan)
    columns = {
        "feature": list(kinds),
        "kind": list(kinds.values()),
        "ks_stat": ks_stat,
        "value_p": p_value,
        "value_size": size,
        "missing_p": _missingness(missing_reference, reference.n_rows, missing_current, len(current)),
        "missing_size": np.abs(share_current - share_reference),
        "missing_reference": share_reference,
        "missing_current": share_current,
    }
    return pd.DataFrame(columns)


# Statistics of numbers, p-values, sizes, and how many values of each sample are not missing.
_Tests = tuple[Floats, Floats, Floats, Integers, Integers]


def _numbers(reference: PreparedReference, current: pd.DataFrame, features: list[str], threads: int) -> _Tests:
    """Tests of numeric values."""
    one = SortedColumns(tuple(reference.numbers.get(feature, NO_VALUES) for feature in features))
    other = [numeric_values(current[feature]) if feature in current.columns else NO_VALUES for feature in features]
    test = kolmogorov_smirnov(one, other, threads=threads)
    return test.statistic, test.p_value, test.statistic, one.counts, test.n_current


def _categories(reference: PreparedReference, current: pd.DataFrame, features: list[str]) -> _Tests:
    """Tests of category mixes."""
    counts = [
        side_by_side(
            reference.levels.get(feature, {}), level_counts(current[feature]) if feature in current.columns else {}
        )
        for feature in features
    ]
    tests = [compare_mixes(one, other) for one, other in counts]
    return (
        np.full(len(features), np.nan),
        np.array([test.p_value for test in tests], dtype=np.float64),
        np.array([test.size for test in tests], dtype=np.float64),
        np.array([one.sum() for one, _ in counts], dtype=np.int64),
        np.array([other.sum() for _, other in counts], dtype=np.int64),
    )


def _missingness(missing_reference: Integers, n_reference: int, missing_current: Integers, n_current: int) -> Floats:
    """P-values of equal missing shares; NaN where none or all are missing, or the window is empty."""
    if not n_current:
        return np.full(len(missing_reference), np.nan)
    whole = np.ones(len(missing_reference), dtype=np.int64)
    return compare_shares(missing_reference, whole * n_reference, missing_current, whole * n_current)
