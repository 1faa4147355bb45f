"""Rules of drift: when a feature counts as drifted, and when a window is an alert.

Here: the rules as data, the tests of a window judged by each of them, and the status. Add a rule
to `RULES` when a study supports it. Keep out: the tests themselves (`credit_risk.two_sample`) and
the report (`credit_risk.drift`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DriftError
from credit_risk.two_sample.false_discovery import benjamini_hochberg

Floats = NDArray[np.float64]
Test = Literal["kolmogorov_smirnov", "chi_squared", "missingness"]
Status = Literal["ok", "warning", "alert", "insufficient"]

# Shares of the monitored features, in percent: a warning from a tenth, an alert above three
# tenths. With features fixed beforehand and the corrected rule, clean windows stay below both.
WARNING_FROM = 10.0
ALERT_ABOVE = 30.0

# With fewer predictions even a move of a standard deviation is often missed: no verdict at all
# is more honest than "ok".
MIN_PREDICTIONS = 30

# What the column `test` of the details says where no test speaks for a feature.
UNTESTABLE = "untestable"
NOT_IN_RULE = "not in the rule"


@dataclass(frozen=True)
class DriftRule:
    """When a feature counts as drifted.

    Attributes:
        name: what reports and settings call it.
        alpha: a p-value below it is evidence.
        min_size: and the size of the change must reach it (same scale for every test: 0 to 1).
        corrected: whether p-values are first corrected over all tests of the window.
        tests: which tests are made.
    """

    name: str
    alpha: float
    min_size: float
    corrected: bool
    tests: frozenset[Test]


# Corrected, at 0.01 and 0.1: of 4,000 clean windows two were warnings, while 12 of 30 features
# moved by half a standard deviation are seen at 400 predictions practically always.
# Classic: what most tools do, kept for comparison; it alerts on volume alone.
RULES: Mapping[str, DriftRule] = {
    rule.name: rule
    for rule in (
        DriftRule(
            name="corrected",
            alpha=0.01,
            min_size=0.1,
            corrected=True,
            tests=frozenset({"kolmogorov_smirnov", "chi_squared", "missingness"}),
        ),
        DriftRule(
            name="classic",
            alpha=0.05,
            min_size=0.0,
            corrected=False,
            tests=frozenset({"kolmogorov_smirnov"}),
        ),
    )
}


def rule_named(rule: str | DriftRule) -> DriftRule:
    """The rule itself, or the one of that name.

    Raises:
        DriftError: a name that is not in `RULES`.
    """
    if isinstance(rule, DriftRule):
        return rule
    if rule not in RULES:
        raise DriftError(
            f"rule {rule!r}",
            expected=f"one of {', '.join(sorted(RULES))}",
            remedy="correct the setting of the drift rule",
            fields={"rule": rule},
        )
    return RULES[rule]


def window_status(
    n_drifted: int, n_monitored: int, n_predictions: int, *, min_predictions: int = MIN_PREDICTIONS
) -> Status:
    """Status of a window from the counts of its report."""
    if n_predictions < min_predictions:
        return "insufficient"
    percentage = 100.0 * n_drifted / n_monitored
    if percentage > ALERT_ABOVE:
        return "alert"
    return "warning" if percentage >= WARNING_FROM else "ok"


class JudgedTests:
    """The tests of a window, as one rule sees them.

    Args:
        comparison: a frame as `credit_risk.two_sample.frames.compare_frames` gives it.
        rule: which tests count, and when they are evidence.

    Attributes:
        drifted: which features drifted, in the order of the comparison.
    """

    def __init__(self, comparison: pd.DataFrame, rule: DriftRule) -> None:
        self._comparison = comparison
        n_features = len(comparison)
        # Two rows, the values' test and the missingness', one column a feature.
        self._named = np.stack(
            [
                np.where(comparison["kind"] == "numeric", "kolmogorov_smirnov", "chi_squared"),
                np.full(n_features, "missingness"),
            ]
        )
        self._possible = comparison[["value_p", "missing_p"]].to_numpy(dtype=np.float64).T
        self._size = comparison[["value_size", "missing_size"]].to_numpy(dtype=np.float64).T
        self._p_value = np.where(np.isin(self._named, list(rule.tests)), self._possible, np.nan)
        self._q_value = benjamini_hochberg(self._p_value)
        evidence = self._q_value if rule.corrected else self._p_value
        self._drifted: NDArray[np.bool_] = (evidence < rule.alpha) & (self._size >= rule.min_size)
        self.drifted: NDArray[np.bool_] = np.any(self._drifted, axis=0)

    def details(self) -> pd.DataFrame:
        """One row a feature, in the order of the comparison, with the numbers of the stronger of its two tests."""
        comparison, size = self._comparison, self._size
        stronger = _stronger(self._p_value, size, self._drifted)
        chosen = (stronger, np.arange(len(comparison)))
        tested = ~np.isnan(self._p_value[chosen])
        untested = np.where(np.isnan(self._possible).all(axis=0), UNTESTABLE, NOT_IN_RULE)
        columns = {
            "feature": comparison["feature"],
            "kind": comparison["kind"],
            "ks_stat": comparison["ks_stat"],
            "size": np.where(np.isnan(size[chosen]), size[1], size[chosen]),
            "p_value": self._p_value[chosen],
            "q_value": self._q_value[chosen],
            "drifted": self.drifted,
            "test": np.where(tested, self._named[chosen], untested),
            "missing_reference": comparison["missing_reference"],
            "missing_current": comparison["missing_current"],
        }
        return pd.DataFrame(columns)


def _stronger(p_value: Floats, size: Floats, drifted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which of the two tests, in rows, speaks for each feature, in columns: 0 values, 1 missingness.

    One by which the feature drifted goes before one by which it did not; then the smaller p-value,
    then the larger size. What was not tested never goes first.
    """
    unproven = np.isnan(p_value)
    p_or_worst, size_or_none = np.where(unproven, 2.0, p_value), np.where(unproven, 0.0, size)
    # lexsort's last key is its first criterion; equal rows keep their order: values first.
    order: NDArray[np.int64] = np.lexsort((-size_or_none, p_or_worst, ~drifted), axis=0)
    first: NDArray[np.int64] = order[0]
    return first
