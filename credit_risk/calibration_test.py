"""Whether probabilities held: predicted against realised defaults, with what chance alone would show.

Here: the test of calibration on outcomes, and the distance that a perfectly calibrated model would
show on as many. Keep out: fitting a calibration and the reliability table (`calibration`).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit_risk.calibration import BINS, reliability
from credit_risk.estimate import Floats
from credit_risk.proportion import proportion

# A bin of fewer outcomes holds one or two defaults, and its observed rate says nothing.
MIN_PER_BIN = 30
# The spread over probabilities is judged by a normal distribution, which fewer do not have.
MIN_EXPECTED = 10


@dataclass(frozen=True)
class CalibrationReport:
    """How predicted and realised default rates compare.

    Attributes:
        predicted: mean probability of default.
        observed: share that defaulted.
        error: mean distance over the bins of the table (expected calibration error).
        error_by_chance: what that distance would be on as many outcomes of a perfect model.
        count_p_value: of so many defaults, were the probabilities right (`count_p_value`).
        p_value: of outcomes as unlikely as these (`calibration_p_value`).
        bins: rows of the reliability table: predicted, observed, low and high (95 %), n.
    """

    predicted: float
    observed: float
    error: float
    error_by_chance: float
    count_p_value: float
    p_value: float
    bins: tuple[dict[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "predicted": self.predicted,
            "observed": self.observed,
            "error": self.error,
            "error_by_chance": self.error_by_chance,
            "count_p_value": self.count_p_value,
            "p_value": self.p_value,
            "bins": list(self.bins),
        }


def judge_calibration(target: Floats, probability: Floats) -> CalibrationReport:
    """Compare probabilities with outcomes; at least one row.

    Args:
        target: 1 default, 0 repaid.
        probability: predicted before the outcome was known.
    """
    n = len(target)
    bins = int(np.clip(n // MIN_PER_BIN, 1, BINS))
    table = reliability(target, probability, bins=bins)
    mean, observed, size = (table[name].to_numpy(dtype=np.float64) for name in ("predicted", "observed", "n"))
    spread = np.sqrt(size * mean * (1 - mean))
    return CalibrationReport(
        predicted=float(np.mean(probability)),
        observed=float(np.mean(target)),
        # As `calibration.expected_calibration_error`, of the table that is there already.
        error=float(np.sum(size * np.abs(mean - observed)) / n),
        # The mean distance of a normal variable from its centre is sqrt(2 / pi) of its spread.
        error_by_chance=float(math.sqrt(2 / math.pi) * spread.sum() / n),
        count_p_value=count_p_value(int(target.sum()), probability),
        p_value=calibration_p_value(target, probability),
        bins=tuple(map(_bin, mean.tolist(), observed.tolist(), size.tolist())),
    )


def calibration_p_value(target: Floats, probability: Floats) -> float:
    """The chance of outcomes at least as far from these probabilities, were they right.

    The smaller, doubled, of two: that of so many defaults, and that of defaults so unevenly spread
    over low and high probabilities (too bold or too timid). The second is asked from ten expected
    defaults on: with fewer, one default of a safe applicant would decide it.

    Source of the second: the score test of a further term in a logistic regression, Cox (1958), Two
    further applications of a model for binary regression; with the probability itself as the term,
    because log-odds of the safest applicants outweigh all others (measured: 4 times as many false
    alarms as promised at 13 expected defaults, against 1.6).
    """
    large = count_p_value(int(target.sum()), probability)
    variance = probability * (1 - probability)
    if variance.sum() < MIN_EXPECTED:
        return large
    centred = probability - np.average(probability, weights=variance)
    spread = float(np.sum(variance * centred**2))
    # Equal probabilities differ by rounding alone.
    if spread <= 1e-18 * float(variance.sum()):
        return large
    z = abs(float(np.sum((target - probability) * centred))) / math.sqrt(spread)
    return min(1.0, 2 * min(large, math.erfc(z / math.sqrt(2))))


def count_p_value(defaults: int, probability: Floats) -> float:
    """The chance of a number of defaults at least as far from the expected one, two-sided; never too small.

    The tail of the binomial distribution with the mean probability, which no tail of independent
    draws with different probabilities exceeds: it holds at 2 expected defaults as at 2,000.

    Source: Hoeffding (1956), On the distribution of the number of successes in independent trials.
    """
    from scipy.special import bdtr, bdtrc

    n, mean = len(probability), float(np.mean(probability))
    at_least = float(bdtrc(defaults - 1, n, mean)) if defaults else 1.0
    return min(1.0, 2 * min(at_least, float(bdtr(defaults, n, mean))))


def _bin(predicted: float, observed: float, size: float) -> dict[str, float]:
    interval = proportion(round(observed * size), round(size))
    assert interval is not None
    return {"predicted": predicted, "observed": observed, "low": interval.low, "high": interval.high, "n": size}
