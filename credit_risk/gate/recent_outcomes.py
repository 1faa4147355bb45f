"""Recent outcomes: what both models say about decisions whose outcome is known, without having seen it.

Here: which probability of a model is an honest one for a decision, and which decisions are left
out. Add a reason when a decision cannot be judged on. Keep out: reading decisions, and what the
figures mean (quality).

A challenger is trained on the newest outcomes, so that its booster has seen them: for those its
out-of-fold prediction stands, which is by a booster that saw no loan of the client. A client whom
a model was trained on with another loan only is left out, as nothing honest is left to ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from credit_risk.estimate import Floats
from credit_risk.gate.contender import Judged, Meeting

SEEN = "of clients whom a model was trained on with another loan"


@dataclass(frozen=True, eq=False)
class Witness:
    """A model and what it was trained on.

    Attributes:
        scored: (n,) its probabilities of the stored features of the decisions.
        out_of_fold: by prediction_id as text, of the decisions that it was trained on.
        clients: SK_ID_CURR of all its training rows.
        threshold: its own.
    """

    scored: Floats
    out_of_fold: Mapping[str, float]
    clients: frozenset[int]
    threshold: float


@dataclass(frozen=True, eq=False)
class RecentOutcomes:
    """Both models on decisions with outcomes.

    Attributes:
        meeting: on those that could be judged; None without any.
        left_out: the others, counted by reason.
    """

    meeting: Meeting | None
    left_out: Mapping[str, int] = field(default_factory=dict)


def recent_outcomes(
    decisions: pd.DataFrame, new: Witness, old: Witness, *, left_out: Mapping[str, int] | None = None
) -> RecentOutcomes:
    """Both models on the decisions on which both have an honest probability, all weighing the same.

    Args:
        decisions: prediction_id, SK_ID_CURR and target.
        new: the challenger.
        old: the champion.
        left_out: what was left out before, by reason.
    """
    probabilities = [_honest(decisions, witness) for witness in (new, old)]
    judged = ~np.isnan(probabilities[0]) & ~np.isnan(probabilities[1])
    counts = dict(left_out or {})
    if not judged.all():
        counts[SEEN] = counts.get(SEEN, 0) + int((~judged).sum())
    if not judged.any():
        return RecentOutcomes(None, counts)
    rows = decisions[judged]
    meeting = Meeting(
        clients=rows["SK_ID_CURR"].to_numpy(np.int64),
        target=rows["target"].to_numpy(np.float64),
        weights=np.ones(len(rows)),
        new=Judged(probabilities[0][judged], new.threshold),
        old=Judged(probabilities[1][judged], old.threshold),
    )
    return RecentOutcomes(meeting, counts)


def _honest(decisions: pd.DataFrame, witness: Witness) -> Floats:
    """A probability by a booster that saw no loan of the client; nan where there is none."""
    ids, clients = decisions["prediction_id"].astype(str), decisions["SK_ID_CURR"]
    seen = clients.isin(list(witness.clients)).to_numpy()
    stored = ids.map(dict(witness.out_of_fold)).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(stored) & ~seen, witness.scored, stored)
