"""The values of one application: what a client may send for a feature, and what is an offence.

Here: the row encoder of the feature set, kept apart because it runs for every request. Add
an offence when a value would be scored as something its sender did not mean. Keep out:
whole frames (feature_set) and HTTP.
"""

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from credit_risk.errors import ApplicationError

# A name is repeated to its sender, a body hidden in a name is not.
MAX_NAME_LENGTH = 80
# Enough to correct by hand; the whole list is in the fields.
MAX_NAMED = 20


class Column(NamedTuple):
    """Where a feature goes: its place in the row (None: not scored), codes of its levels (None: a number)."""

    position: int | None
    codes: Mapping[str, float] | None


@dataclass(frozen=True, eq=False)
class EncodedRow:
    """One application as the booster reads it.

    Attributes:
        values: (n_scored,) float64, nan where missing.
        n_missing: how many scored features were left out, null, or a category never seen.
    """

    values: npt.NDArray[np.float64]
    n_missing: int


def encode_row(features: Mapping[str, object], columns: Mapping[str, Column], *, n_scored: int) -> EncodedRow:
    """The row of one application; the contract is that of `FeatureSet.encode_row`."""
    row = [math.nan] * n_scored
    n_missing = n_scored
    offenders = []
    for name, value in features.items():
        column = columns.get(name)
        # A misspelt name is an offence even when it is null: its sender meant another.
        if column is None:
            offenders.append({"feature": str(name)[:MAX_NAME_LENGTH], "problem": "unknown feature"})
            continue
        if value is None:
            continue
        code = _number(value) if column.codes is None else _category(value, column.codes)
        if isinstance(code, str):
            offenders.append({"feature": name, "problem": code})
        elif column.position is not None and code is not None:
            row[column.position] = code
            n_missing -= 1
    if offenders:
        raise _refusal(offenders)
    return EncodedRow(values=np.array(row, dtype=np.float64), n_missing=n_missing)


def _number(value: object) -> float | str:
    """The number, or what is wrong with it."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, float | int | numbers.Real):
        return f"expected a number, found {_kind_of(value)}"
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    return number if math.isfinite(number) else "expected a finite number, found NaN or infinity"


def _category(value: object, codes: Mapping[str, float]) -> float | str | None:
    """The code of the level (None: never seen in training), or what is wrong with the value."""
    if not isinstance(value, str):
        return f"expected text, found {_kind_of(value)}"
    return codes.get(value)


def _kind_of(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "a boolean"
    if isinstance(value, numbers.Real):
        return "a number"
    names = {str: "text", list: "a list", tuple: "a list", dict: "an object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "another type")


def _refusal(offenders: list[dict[str, str]]) -> ApplicationError:
    named = "; ".join(f"{offender['feature']}: {offender['problem']}" for offender in offenders[:MAX_NAMED])
    more = f"; and {len(offenders) - MAX_NAMED} more" if len(offenders) > MAX_NAMED else ""
    return ApplicationError(
        f"{len(offenders)} features at fault: {named}{more}",
        expected="names of the model's features, numbers for numeric and text for categorical ones",
        remedy="correct or leave out the features named",
        fields={"offenders": offenders},
    )
