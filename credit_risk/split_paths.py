"""Split paths: what the path from the root to a split has said of the split's own feature.

Here: all paths walked at once, when a model is loaded. Keep out: the row (`tree_walk`).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from credit_risk.trees import Booleans, Floats, Integers, Trees


@dataclass(frozen=True)
class SplitPaths:
    """What lies above each split.

    Attributes:
        earlier: (n_splits,) the nearest split above on the same feature; -1 if there is none.
        is_left: (n_splits,) whether the split lies to the left of that.
        share: (n_splits,) of the training rows, the part that went this way at all earlier splits on the feature.
        n_features: (n_splits,) different features on the path, the split's own included.
    """

    earlier: Integers
    is_left: Booleans
    share: Floats
    n_features: Integers

    @classmethod
    def of(cls, trees: Trees) -> Self:
        """The paths to every split."""
        n = len(trees.feature)
        earlier, earlier_is_left, share = np.full(n, -1), np.zeros(n, np.bool_), np.ones(n)
        split, above, is_left = np.arange(n), trees.parent, trees.is_left
        steps = []
        while (inside := above >= 0).any():
            split, above, is_left = split[inside], above[inside], is_left[inside]
            steps.append((split, above))
            same = trees.feature[split] == trees.feature[above]
            went = np.where(is_left, trees.share_left[above], 1 - trees.share_left[above])
            share[split[same]] *= went[same]
            nearest = same & (earlier[split] < 0)
            earlier[split[nearest]], earlier_is_left[split[nearest]] = above[nearest], is_left[nearest]
            above, is_left = trees.parent[above], trees.is_left[above]
        is_new = earlier < 0
        n_features = is_new.astype(np.int64)
        for split, above in steps:
            n_features[split] += is_new[above]
        return cls(earlier=earlier, is_left=earlier_is_left, share=share, n_features=n_features)
