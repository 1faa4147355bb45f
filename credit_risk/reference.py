"""The training reference: what a model's features looked like when it was trained.

Here: the sample that later windows are compared with, and its statistics. Keep out: where both
are stored, and the comparison (`credit_risk.drift`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from credit_risk.errors import DriftError


def reference_sample(frame: pd.DataFrame, features: Sequence[str], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows drawn without replacement, in the order of the frame; all of them when there are fewer.

    Args:
        frame: the training population, one row a client.
        features: columns to keep, in this order.
        n: number of rows, at least 1.
        rng: decides which rows.

    Returns:
        Up to n rows with the features as columns and a fresh index.

    Raises:
        DriftError: a frame without rows or features, features that it lacks, or n below 1.
    """
    lacking = [feature for feature in features if feature not in frame.columns]
    if lacking or not features or frame.empty or n < 1:
        raise DriftError(
            f"{len(frame)} rows, {len(features)} features asked for, {len(lacking)} of them absent "
            f"({', '.join(lacking) or 'none'}), a sample size of {n}",
            expected="rows, features that the frame has, and a sample size of at least 1",
            remedy="take the reference from the frame that the model was trained on",
            fields={"lacking": lacking},
        )
    rows = np.sort(rng.choice(len(frame), size=min(n, len(frame)), replace=False))
    return frame[list(features)].iloc[rows].reset_index(drop=True)


def reference_statistics(sample: pd.DataFrame) -> pd.DataFrame:
    """Statistics of each numeric feature; categories and booleans have none.

    Args:
        sample: one row a client, missing values as null.

    Returns:
        One row a numeric feature in the order of the columns: `feature_name`, `mean`, `std` (of a
        sample: n - 1), `median`, `q25`, `q75` and `n_samples`, the number of values that are not
        missing. NaN where there are too few values.
    """
    numbers = sample.select_dtypes("number").astype("float64")
    quartiles = numbers.quantile([0.25, 0.5, 0.75]).to_numpy()
    return pd.DataFrame(
        {
            "feature_name": list(numbers.columns),
            "mean": numbers.mean().to_numpy(),
            "std": numbers.std().to_numpy(),
            "median": quartiles[1],
            "q25": quartiles[0],
            "q75": quartiles[2],
            "n_samples": numbers.count().to_numpy(dtype=np.int64),
        }
    )
