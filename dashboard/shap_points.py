"""Contributions of many applicants, as points of a summary: which features weigh, and in which direction.

Source of the picture: Lundberg, Lee (2017), A unified approach to interpreting model predictions.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from credit_risk.scoring import Scorer


def shap_points(scorer: "Scorer", applicants: pd.DataFrame, *, top: int) -> pd.DataFrame:
    """The contributions of the weightiest features, one row a point.

    Args:
        scorer: the model.
        applicants: features, at least the scored ones.
        top: features to keep, by the mean size of their contributions.

    Returns:
        `feature` (weightiest first), `applicant` (row), `contribution` (log-odds), `rank` of the value among the
        applicants (0 to 1; missing for categories and missing values), `spread` (-1 to 1, for drawing).
    """
    matrix = scorer.manifest.feature_set.encode_frame(applicants)
    found = np.array([scorer.contributions(row) for row in matrix])
    weight = np.abs(found).mean(axis=0)
    numeric = {feature.name for feature in scorer.manifest.feature_set.scored if feature.kind == "numeric"}
    # Not by chance: the same picture for the same applicants, and neighbours lie apart (golden ratio).
    spread = 2 * ((np.arange(len(matrix)) * 0.6180339887) % 1) - 1
    points = []
    for place in np.argsort(-weight, kind="stable")[:top]:
        name = scorer.scored_names[place]
        rank = pd.Series(matrix[:, place]).rank(pct=True) if name in numeric else pd.Series(np.nan, range(len(matrix)))
        points.append(
            pd.DataFrame(
                {
                    "feature": name,
                    "applicant": np.arange(len(matrix)),
                    "contribution": found[:, place],
                    "rank": rank.to_numpy(),
                    "spread": spread,
                }
            )
        )
    return pd.concat(points, ignore_index=True)
