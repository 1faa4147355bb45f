"""The decision rule: a calibrated probability of default against the threshold.

Here: the one definition of who is refused, for the service, the cost and every report.
Add a rule when the lender decides on more than the probability. Keep out: how the
threshold is chosen (business_cost) and what is recorded about a decision.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Decision:
    """What is answered to an applicant: 1 and REFUSED, or 0 and APPROVED."""

    prediction: Literal[0, 1]
    label: Literal["APPROVED", "REFUSED"]


APPROVED = Decision(prediction=0, label="APPROVED")
REFUSED = Decision(prediction=1, label="REFUSED")


def decide(probability: float, threshold: float) -> Decision:
    """REFUSED when the probability of default reaches the threshold."""
    return REFUSED if probability >= threshold else APPROVED


def refused(probabilities: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.bool_]:
    """The same rule over many applications: true where refused."""
    return np.asarray(probabilities, dtype=np.float64) >= threshold
