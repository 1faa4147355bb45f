"""Which kind of feature a column is, and what it holds as that kind.

Here: the reading of dtypes, and of what object columns hold. Keep out: which features a model
takes (`credit_risk.feature_set`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types
from pandas.api.extensions import ExtensionDtype

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


def kinds_of(frame: pd.DataFrame, features: Sequence[str]) -> dict[str, str | None]:
    """What each feature is by itself.

    Numbers are numeric; text, categories and booleans are categorical. An object column is what
    its values are.

    Args:
        frame: any; a feature that it lacks is a column without values.
        features: names, each at most one column of the frame.

    Returns:
        Feature name to kind, in the order of `features`: None without a value to tell by, and the
        name of the type where it is neither kind.
    """
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    # A wide frame has a handful of dtypes: each is asked once.
    known: dict[object, str] = {}
    found: dict[str, str | None] = {}
    for feature in features:
        dtype = dtypes.get(feature)
        if dtype is None:
            found[feature] = None
        elif types.is_object_dtype(dtype):
            inferred = types.infer_dtype(frame[feature], skipna=True)
            found[feature] = None if inferred == "empty" else KIND_OF_OBJECTS.get(inferred, inferred)
        else:
            if dtype not in known:
                known[dtype] = _kind_of_type(dtype)
            found[feature] = known[dtype]
    return found


def agreed_kinds(reference: Mapping[str, str | None], current: Mapping[str, str | None]) -> dict[str, Kind]:
    """The kind of each feature, as both samples have it.

    A column without any value has the kind that it has in the other sample; without one in either
    it is a category without levels.

    Args:
        reference: kinds as `kinds_of` gives them, of every feature in `current` at least.
        current: those of the other sample.

    Returns:
        Feature name to kind, in the order of `current`.

    Raises:
        DriftError: columns of another type (dates, mixtures), or of different kinds in the two
            samples; `fields["offenders"]` names every one.
    """
    found: dict[str, Kind] = {}
    offenders: dict[str, str] = {}
    for feature, other in current.items():
        one = reference[feature]
        agreed = {kind for kind in (one, other) if kind is not None}
        if len(agreed) > 1 or agreed - {"numeric", "categorical"}:
            offenders[feature] = f"{one or 'empty'} in the reference, {other or 'empty'} in the window"
        else:
            found[feature] = "numeric" if agreed == {"numeric"} else "categorical"
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
    """The column as doubles, missing values as NaN; doubles are not copied."""
    if column.dtype == np.float64:
        return column.to_numpy()
    values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def level_counts(column: pd.Series) -> dict[object, int]:
    """How often each level occurs in a column, missing values left out."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), column.cat.categories.to_numpy(dtype=object)
    else:
        codes, levels = pd.factorize(column.to_numpy(dtype=object))
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    return {level: count for level, count in zip(levels.tolist(), counts.tolist(), strict=True) if count}


def side_by_side(
    reference: Mapping[object, int], current: Mapping[object, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counts of both samples over the levels of either; levels by name, so that the order of rows shows nowhere."""
    levels = sorted({**reference, **current}, key=str)
    one, other = (
        np.array([counts.get(level, 0) for level in levels], dtype=np.int64) for counts in (reference, current)
    )
    return one, other


def _kind_of_type(dtype: np.dtype[Any] | ExtensionDtype) -> str:
    """The kind of a dtype that is not "object", or its name where it is neither kind."""
    if isinstance(dtype, pd.CategoricalDtype | pd.StringDtype) or types.is_bool_dtype(dtype):
        return "categorical"
    real = types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)
    return "numeric" if real else str(dtype)
