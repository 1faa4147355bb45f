"""Made-up outcomes: who of the approved defaults, and when that is known.

Here: drawing outcomes of decisions from a known probability of default. Only the approved get a
loan, and with it an outcome; of the refused a lot may approve a few. Every draw follows from the
seed and the decision's id: asked again, later, with more decisions, nothing that was said changes.
Keep out: the known probability (`known_truth`), and delivering (`outcome_delivery`).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pandas as pd

from credit_risk.decision import APPROVED
from credit_risk.errors import SettingsError
from credit_risk.random_approvals import drawn
from simulation.columns import Floats

# Nobody defaults on the first day: an outcome is known after a fifth to all of the maturity.
EARLIEST = 0.2


@dataclass(frozen=True)
class World:
    """How the outside world turns out.

    Attributes:
        maturity_days: days after which every outcome is known.
        random_share: share of the refused whom a lot approves.
        odds: factor on everybody's odds of default; 1 is the world that the portfolio was labelled by.
        seed: of all draws.
    """

    maturity_days: float = 30.0
    random_share: float = 0.0
    odds: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.maturity_days >= 0 and 0 <= self.random_share <= 1 and 0 < self.odds < np.inf):
            raise SettingsError(
                f"a maturity of {self.maturity_days} days, {self.random_share} approved at random, odds {self.odds}",
                expected="at least 0 days, a share from 0 to 1, and odds above 0",
                remedy="correct the arguments",
            )


@dataclass(frozen=True, eq=False)
class DrawnOutcomes:
    """What is known by now, and what is not.

    Attributes:
        known: prediction_id, target and observed_at, one row an outcome, earliest first.
        by_lot: refused decisions that the lot approved.
        waiting: loans whose outcome is not known yet.
        without_truth: loans of clients of whom nothing is known.
    """

    known: pd.DataFrame
    by_lot: list[UUID]
    waiting: int
    without_truth: int


def draw_outcomes(
    decisions: pd.DataFrame, probability: "pd.Series[float]", world: World, *, now: datetime
) -> DrawnOutcomes:
    """The outcomes of decisions, as far as they are known at a moment.

    Args:
        decisions: `prediction_id` (UUID), `created_at`, `sk_id_curr`, `decision`; one row each.
        probability: of default, by SK_ID_CURR.
        world: how it turns out.
        now: outcomes that are observed later are left out.
    """
    granted = decisions["decision"] == APPROVED.label
    lot = set(drawn(decisions.loc[~granted, "prediction_id"], world.random_share))
    loans = decisions[granted | decisions["prediction_id"].isin(lot)]
    truth = loans["sk_id_curr"].map(probability)
    strangers = int(truth.isna().sum())
    loans, truth = loans[truth.notna()], truth[truth.notna()]
    fate = _uniform(loans["prediction_id"], world.seed, "fate")
    soon = _uniform(loans["prediction_id"], world.seed, "moment")
    days = world.maturity_days * (EARLIEST + (1 - EARLIEST) * soon)
    outcomes = pd.DataFrame(
        {
            "prediction_id": loans["prediction_id"],
            "target": (fate < _at_odds(np.asarray(truth, dtype=np.float64), world.odds)).astype(np.int64),
            # Whole milliseconds: the same moment in every format that it is sent in.
            "observed_at": [
                created + timedelta(milliseconds=round(each * 86_400_000))
                for created, each in zip(loans["created_at"], days.tolist(), strict=True)
            ],
        }
    )
    # An array, because an empty list would choose columns.
    known = outcomes[np.array([moment <= now for moment in outcomes["observed_at"]], dtype=np.bool_)]
    return DrawnOutcomes(
        known=known.sort_values(["observed_at", "prediction_id"], ignore_index=True),
        by_lot=sorted(lot),
        waiting=len(outcomes) - len(known),
        without_truth=strangers,
    )


def _at_odds(probability: Floats, odds: float) -> Floats:
    return odds * probability / (1 - probability + odds * probability)


def _uniform(prediction_ids: pd.Series, seed: int, what: str) -> Floats:
    """A number from [0, 1) for each decision and question."""
    salt = f"{what}:{seed}:".encode()
    digests = [hashlib.sha256(salt + each.bytes).digest()[:7] for each in prediction_ids]
    return np.array([int.from_bytes(digest, "big") / 2**56 for digest in digests], dtype=np.float64)
