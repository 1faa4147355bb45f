"""The two models as the gate sees them, and the rows on which they meet.

Here: out-of-fold predictions of champion and challenger side by side. Add to it when models are
stored with more than predictions and a threshold. Keep out: figures and limits.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from credit_risk.business_cost import losses
from credit_risk.decision import refused
from credit_risk.errors import PortfolioError
from credit_risk.estimate import Floats


@dataclass(frozen=True, eq=False)
class Contender:
    """A model as the comparison sees it.

    Attributes:
        version: its name in reasons.
        out_of_fold: SK_ID_CURR, target, probability and weight of its training rows.
        threshold: its own.
    """

    version: str
    out_of_fold: pd.DataFrame
    threshold: float


@dataclass(frozen=True)
class Overlap:
    """Clients that both models were judged on, and those that only one was trained on."""

    common: int
    challenger_only: int
    champion_only: int


@dataclass(frozen=True, eq=False)
class Judged:
    """A model's probabilities on some rows, and the threshold that decides them."""

    probability: Floats
    threshold: float

    def losses(self, target: Floats) -> Floats:
        """The cost of each decision."""
        return losses(target, self.probability, self.threshold)

    def refusals(self) -> Floats:
        """1 where refused, 0 where approved."""
        return refused(self.probability, self.threshold).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Meeting:
    """Both models on the same rows.

    Attributes:
        clients: (n,) SK_ID_CURR.
        target: (n,) 1 default, 0 repaid.
        weights: (n,) positive.
        new: the challenger.
        old: the champion.
    """

    clients: np.ndarray[tuple[int], np.dtype[np.int64]]
    target: Floats
    weights: Floats
    new: Judged
    old: Judged

    def __len__(self) -> int:
        return len(self.target)

    @property
    def loss_differences(self) -> Floats:
        """What each decision of the challenger costs more than the champion's."""
        return self.new.losses(self.target) - self.old.losses(self.target)

    @cached_property
    def old_as_strict(self) -> Judged:
        """The champion by the threshold with which it would refuse as large a share as the challenger does.

        Of equal probabilities all or none are refused: the threshold that comes nearest.
        """
        share = np.average(self.new.refusals(), weights=self.weights)
        thresholds, place = np.unique(self.old.probability, return_inverse=True)
        from_there_on = np.bincount(place, weights=self.weights)[::-1].cumsum()[::-1] / self.weights.sum()
        return Judged(self.old.probability, float(thresholds[np.argmin(np.abs(from_there_on - share))]))


def meet(challenger: Contender, champion: Contender) -> tuple[Meeting, Overlap]:
    """Both models' out-of-fold predictions on the clients they share, weighted as the challenger was trained.

    Raises:
        PortfolioError: a client twice in a model's predictions, or clients with two different
            targets; with counts.
    """
    for contender in (challenger, champion):
        _require_one_row_a_client(contender)
    new = challenger.out_of_fold[["SK_ID_CURR", "target", "probability", "weight"]]
    old = champion.out_of_fold[["SK_ID_CURR", "target", "probability"]]
    shared = new.merge(old, on="SK_ID_CURR", suffixes=("", "_champion"), validate="one_to_one")
    _require_one_target_a_client(shared)
    # The bootstrap draws positions: in one order the same predictions get the same verdict.
    shared = shared.sort_values("SK_ID_CURR", ignore_index=True)
    meeting = Meeting(
        clients=shared["SK_ID_CURR"].to_numpy(np.int64),
        target=_floats(shared, "target"),
        weights=_floats(shared, "weight"),
        new=Judged(_floats(shared, "probability"), challenger.threshold),
        old=Judged(_floats(shared, "probability_champion"), champion.threshold),
    )
    overlap = Overlap(len(shared), len(new) - len(shared), len(old) - len(shared))
    return meeting, overlap


def _require_one_row_a_client(contender: Contender) -> None:
    twice = int(contender.out_of_fold["SK_ID_CURR"].duplicated().sum())
    if twice:
        raise PortfolioError(
            f"{twice} clients twice in the out-of-fold predictions of version {contender.version}",
            expected="one row a client",
            remedy="train the version again",
        )


def _require_one_target_a_client(shared: pd.DataFrame) -> None:
    different = int((shared["target"] != shared["target_champion"]).sum())
    if different:
        raise PortfolioError(
            f"{different} of {len(shared)} shared clients with another target than the champion's",
            expected="the same label of a client in both",
            remedy="find out which raw data changed, and train the champion again if they were wrong",
        )


def _floats(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=np.float64)
