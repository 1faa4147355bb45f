"""Monitored features: which of a model's features its drift reports watch.

Here: the choice, fixed at training. Choosing after a window is seen, by the largest shift,
makes clean traffic look drifted. Keep out: the tests of drift itself.
"""

from collections.abc import Mapping
from typing import Literal

# Enough to hold most of the gain of a credit model; few enough that a person reads the list.
MONITORED = 30


def monitored_features(importances: Mapping[str, float], count: int | Literal["all"] = MONITORED) -> tuple[str, ...]:
    """The most important features by gain, best first; equal gains by name.

    Features without gain are filled in only up to `count`: a model of few splits is watched
    on as many features as any other.
    """
    ranked = sorted(importances, key=lambda name: (-importances[name], name))
    return tuple(ranked if count == "all" else ranked[:count])
