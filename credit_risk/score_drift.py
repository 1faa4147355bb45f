"""Drift of the score: does the live model give this window other probabilities than it gave at training.

Here: the test of the scores and its verdict. It sees what matters first: moves of features that the
model hardly uses do not move it. Keep out: the features (`credit_risk.drift`), and whether the
probabilities are right (`credit_risk.performance`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.drift_rules import DriftRule, rule_named
from credit_risk.two_sample.kolmogorov_smirnov import kolmogorov_smirnov
from credit_risk.two_sample.sorted_columns import SortedColumns

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreDrift:
    """How the scores of a window differ from those of the reference.

    Attributes:
        ks_stat: two-sample Kolmogorov-Smirnov statistic; NaN where a sample has no scores.
        p_value: two-sided; NaN where there is nothing to test.
        size: the statistic, on the scale of `credit_risk.drift`: 0 to 1.
        drifted: whether p-value and size call it drift. A single test: there is nothing to correct for.
        mean_reference: mean score of the reference; NaN without scores.
        mean_window: mean score of the window; NaN without scores.
    """

    ks_stat: float
    p_value: float
    size: float
    drifted: bool
    mean_reference: float
    mean_window: float


def score_drift(reference_scores: Floats, window_scores: Floats, *, rule: str | DriftRule = "corrected") -> ScoreDrift:
    """Compare the scores of a window with those of the reference.

    Args:
        reference_scores: probabilities of default of training clients, from models that did not
            see them (out of fold): scores of rows that the model was fitted to are more extreme
            than any window's. Shape (clients,), NaN for what is missing.
        window_scores: probabilities that the live model gave, shape (predictions,).
        rule: whose level and least size judge; a name in `credit_risk.drift_rules.RULES`, or a rule.

    Raises:
        DriftError: an unknown rule.
    """
    chosen = rule_named(rule)
    one, other = (np.asarray(scores, dtype=np.float64) for scores in (reference_scores, window_scores))
    test = kolmogorov_smirnov(SortedColumns.of([one]), [other])
    statistic, p_value = float(test.statistic[0]), float(test.p_value[0])
    return ScoreDrift(
        ks_stat=statistic,
        p_value=p_value,
        size=statistic,
        drifted=p_value < chosen.alpha and statistic >= chosen.min_size,
        mean_reference=_mean(one),
        mean_window=_mean(other),
    )


def _mean(scores: Floats) -> float:
    present = scores[~np.isnan(scores)]
    return float(present.mean()) if len(present) else float("nan")
