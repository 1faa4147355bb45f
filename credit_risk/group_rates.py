"""Rates by group: who is approved, and who is decided wrongly, among men and women, young and old.

Here: counts and their intervals, for people to read. Keep out: whether a difference is too large
(`credit_risk.gate.fairness`), and who belongs to which group (`credit_risk.gate.groups`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.decision import refused
from credit_risk.estimate import Estimate, Floats
from credit_risk.proportion import proportion

APPROVED = "approved"
GOOD_REFUSED = "good applicants refused"
DEFAULTS_APPROVED = "defaults approved"

COLUMNS = ("group", "rate", "value", "low", "high", "n")


def group_rates(labels: npt.NDArray[np.object_], target: Floats, probability: Floats, threshold: float) -> pd.DataFrame:
    """Approval and error rates of each group.

    Args:
        labels: group of each applicant; missing where it is not known.
        target: 1 default, 0 repaid.
        probability: of default, from a model that did not see the applicant.
        threshold: from which applicants are refused.

    Returns:
        One row a group and rate, groups by name: `group`, `rate` (approved; good applicants refused, of
        those who repaid; defaults approved, of those who did not), `value` with its 95 % interval `low`
        to `high`, `n` applicants that the rate is of. A rate of nobody has no row.
    """
    refuse = refused(probability, threshold)
    everybody = np.ones(len(target), dtype=bool)
    counted = {
        APPROVED: (~refuse, everybody),
        GOOD_REFUSED: (refuse, target == 0),
        DEFAULTS_APPROVED: (~refuse, target == 1),
    }
    rows = []
    for group in sorted({str(label) for label in labels[~pd.isna(labels)]}):
        member = labels == group
        for rate, (hit, of) in counted.items():
            rows.append((group, rate, proportion(int(np.sum(hit & of & member)), n := int(np.sum(of & member))), n))
    return pd.DataFrame([_row(*row) for row in rows if row[2] is not None], columns=list(COLUMNS))


def _row(group: str, rate: str, share: Estimate | None, n: int) -> tuple[str, str, float, float, float, int]:
    assert share is not None
    return group, rate, share.value, share.low, share.high, n
