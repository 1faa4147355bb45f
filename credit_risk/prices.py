"""What decisions cost in money: per thousand applications, and while one waits for labels.

Here: the two amounts, and what follows from them. Keep out: the 10 : 1 that thresholds are chosen
by (`business_cost`), which needs no currency.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from credit_risk.business_cost import COST_FN, COST_FP
from credit_risk.estimate import Estimate, Floats
from credit_risk.performance_estimate import expected_cost

PER = 1000

# The labels of Home Credit's kind tell of payments more than 60 to 90 days late: before three
# months nobody knows them.
LABEL_DELAY_DAYS = 90.0


@dataclass(frozen=True)
class Prices:
    """What the lender loses by a wrong decision.

    Attributes:
        loss_of_default: lost on a default that was approved.
        margin_of_good: missed on a good applicant who was refused.
        currency: of both; empty means units of such a margin, as business cost is given.
        label_delay_days: until most outcomes of a day are known.
    """

    loss_of_default: float = COST_FN
    margin_of_good: float = COST_FP
    currency: str = ""
    label_delay_days: float = LABEL_DELAY_DAYS

    @property
    def unit(self) -> str:
        """What amounts are counted in."""
        return self.currency or "margins of a good applicant"


@dataclass(frozen=True)
class Money:
    """Amounts in the unit of the prices; None where too few decisions were made.

    Attributes:
        prices: that they follow from.
        estimated_per_thousand: what a thousand such applications cost, by their probabilities.
        reference_per_thousand: what they cost out of fold; None without a reference.
        waiting: what is lost beyond the reference until the labels of the day are known, if the
            estimate is right and as many apply on each day; never below 0.
    """

    prices: Prices
    estimated_per_thousand: Estimate | None
    reference_per_thousand: float | None
    waiting: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            **{field.name: getattr(self.prices, field.name) for field in fields(self.prices)},
            "unit": self.prices.unit,
            **_triple("estimated_per_thousand", self.estimated_per_thousand),
            "reference_per_thousand": self.reference_per_thousand,
            **_triple("waiting", self.waiting),
        }


def price_decisions(
    probability: Floats,
    approved: npt.NDArray[np.bool_],
    *,
    wrong_shares: tuple[float, float] | None,
    prices: Prices,
) -> Money:
    """The cost in money of a day's decisions.

    Args:
        probability: calibrated, one a decision.
        approved: what was decided.
        wrong_shares: shares of all applications that were defaults approved and good ones refused,
            out of fold; None without a reference.
        prices: of both.
    """
    estimated = expected_cost(
        probability, approved, cost_fn=PER * prices.loss_of_default, cost_fp=PER * prices.margin_of_good
    )
    if wrong_shares is None:
        return Money(prices, estimated, None, None)
    missed, wrongly_refused = wrong_shares
    reference = PER * (prices.loss_of_default * missed + prices.margin_of_good * wrongly_refused)
    if estimated is None:
        return Money(prices, None, reference, None)
    applications = len(probability) * prices.label_delay_days / PER
    ends = (max(0.0, end - reference) * applications for end in (estimated.value, estimated.low, estimated.high))
    return Money(prices, estimated, reference, Estimate(*ends))


def _triple(name: str, figure: Estimate | None) -> dict[str, float | None]:
    value, low, high = (figure.value, figure.low, figure.high) if figure else (None, None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
