"""Which kind of feature a column is, and whether two frames agree on it.

Here: the reading of dtypes, and of what object columns hold. Keep out: which features a model
takes (`credit_risk.feature_set`).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from credit_risk.errors import DriftError

Kind = Literal["numeric", "categorical"]

# What `infer_dtype` says of an object column, as it comes from JSON or from a database.
KIND_OF_OBJECTS: dict[str, Kind] = {
    "floating": "numeric",
    "integer": "numeric",
    "mixed-integer-float": "numeric",
    "decimal": "numeric",
    "string": "categorical",
    "boolean": "categorical",
}


def kinds(reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[str]) -> dict[str, Kind]:
    """The kind of each feature, as both frames have it.

    Numbers are numeric; text, categories and booleans are categorical. An object column is what
    its values are. A column without any value has the kind that it has in the other frame.

    Args:
        reference: holds every one of `features`.
        current: holds them as well.
        features: names of columns.

    Returns:
        Feature name to kind, in the order of `features`.

    Raises:
        DriftError: columns of another type (dates, mixtures), or of different kinds in the two
            frames; `fields["offenders"]` names every one.
    """
    found: dict[str, Kind] = {}
    offenders: dict[str, str] = {}
    for feature in features:
        one, other = _kind(reference[feature]), _kind(current[feature])
        agreed = {kind for kind in (one, other) if kind is not None}
        if len(agreed) > 1 or agreed - {"numeric", "categorical"}:
            offenders[feature] = f"{one or 'empty'} in the reference, {other or 'empty'} in the window"
        elif agreed:
            found[feature] = "numeric" if agreed == {"numeric"} else "categorical"
        else:
            found[feature] = "categorical"
    if offenders:
        listed = "; ".join(f"{feature}: {problem}" for feature, problem in offenders.items())
        raise DriftError(
            f"{len(offenders)} columns that cannot be compared ({listed})",
            expected="numbers in both samples, or categories in both",
            remedy="name the comparable ones with features=, or convert the columns",
            fields={"offenders": offenders},
        )
    return found


def numeric_values(column: pd.Series) -> NDArray[np.float64]:
    """The column as doubles, missing values as NaN."""
    values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def level_counts(reference: pd.Series, current: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each level occurs in both columns, missing values left out; levels by name."""
    pooled = np.concatenate([reference.to_numpy(dtype=object), current.to_numpy(dtype=object)])
    codes, levels = pd.factorize(pooled)
    split = len(reference)
    # The order of rows must not show in a result.
    by_name = np.argsort(np.array([str(level) for level in levels], dtype=object), kind="stable")
    one, other = (
        np.bincount(part[part >= 0], minlength=len(levels)).astype(np.int64)[by_name]
        for part in (codes[:split], codes[split:])
    )
    return one, other


def _kind(column: pd.Series) -> str | None:
    """Kind of one column, None without a value to tell by, else the type that is neither kind."""
    dtype = column.dtype
    if types.is_object_dtype(dtype):
        inferred = types.infer_dtype(column, skipna=True)
        return None if inferred == "empty" else KIND_OF_OBJECTS.get(inferred, inferred)
    if isinstance(dtype, pd.CategoricalDtype | pd.StringDtype) or types.is_bool_dtype(dtype):
        return "categorical"
    real = types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)
    return "numeric" if real else str(dtype)
