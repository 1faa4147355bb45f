"""The values of one application: what a client may send for a feature, and what is an offence.

Here: the row encoder of the feature set, kept apart because it runs for every request. Add
an offence when a value would be scored as something its sender did not mean. Keep out:
whole frames (feature_set) and HTTP.
"""

import math
import numbers
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from credit_risk.offenders import offender, refusal

# Stands for a value that was not sent. Known by its identity: a NaN that was sent is another one.
LEFT_OUT: Final = float("nan")
LEFT_OUT_OR_NULL: Final = frozenset({LEFT_OUT, None})
# What JSON makes of a number; a boolean is one to `isinstance`, which is why these are compared by identity.
PLAIN_KINDS: Final = frozenset({float, int, NoneType})


class Column(NamedTuple):
    """Where a feature goes: its place in the row (None: not scored), codes of its levels (None: a number)."""

    position: int | None
    codes: Mapping[str, float] | None


@dataclass(frozen=True, eq=False)
class EncodedRow:
    """One application as the booster reads it.

    Attributes:
        values: (n_scored,) float64, nan where missing. Not to be written to.
        n_missing: how many scored features were left out, null, or a category never seen.
    """

    values: npt.NDArray[np.float64]
    n_missing: int


class RowEncoder:
    """Makes rows of applications; the contract is that of `FeatureSet.encode_row`.

    Almost every application is without fault and made of plain floats, integers and text. Those are
    placed and judged all at once; any other is read again value by value, which names what is wrong.

    Args:
        columns: every feature that an application may carry.
        n_scored: how many of them have a position.
    """

    def __init__(self, columns: Mapping[str, Column], *, n_scored: int) -> None:
        self._columns = columns
        self._known = frozenset(columns)
        places = sorted((c.position, name, c.codes) for name, c in columns.items() if c.position is not None)
        self._names = [name for _, name, _ in places]
        self._left_out = [LEFT_OUT] * n_scored
        self._texts = [(position, codes) for position, _, codes in places if codes is not None]
        self._not_scored = [(name, column) for name, column in columns.items() if column.position is None]
        # The shortest way from Python's floats to an array: a third of what numpy takes.
        self._pack = struct.Struct(f"{n_scored}d").pack

    def encode(self, features: Mapping[str, object]) -> EncodedRow:
        """The row of one application.

        Raises:
            ApplicationError: names every offender.
        """
        row = self._encode_plain(features)
        return self._encode_each(features) if row is None else row

    def _encode_plain(self, features: Mapping[str, object]) -> EncodedRow | None:
        """The row, or None if anything asks for a closer look."""
        if not self._known.issuperset(features):
            return None
        values = list(map(features.get, self._names, self._left_out))
        for position, codes in self._texts:
            value = values[position]
            if type(value) is str:
                values[position] = codes.get(value, LEFT_OUT)
            elif value is not None and value is not LEFT_OUT:
                return None
        kinds = set(map(type, values))
        if not kinds <= PLAIN_KINDS or any(_faulty(features.get(name), column) for name, column in self._not_scored):
            return None
        present = values if NoneType not in kinds else [LEFT_OUT if value is None else value for value in values]
        try:
            row = np.frombuffer(self._pack(*present))
        except struct.error:
            # An integer beyond the largest float.
            return None
        missing = np.isnan(row).nonzero()[0].tolist()
        # A NaN or an infinity that was sent is an offence, and not what was left out.
        sent_nan = not LEFT_OUT_OR_NULL.issuperset(map(values.__getitem__, missing))
        if sent_nan or np.isinf(row).any():
            return None
        return EncodedRow(values=row, n_missing=len(missing))

    def _encode_each(self, features: Mapping[str, object]) -> EncodedRow:
        row = [math.nan] * len(self._names)
        n_missing = len(row)
        offenders = []
        for name, value in features.items():
            column = self._columns.get(name)
            # A misspelt name is an offence even when it is null: its sender meant another.
            if column is None:
                offenders.append(offender(name, "unknown feature"))
                continue
            if value is None:
                continue
            code = _code(value, column)
            if isinstance(code, str):
                offenders.append(offender(name, code))
            elif column.position is not None and code is not None:
                row[column.position] = code
                n_missing -= 1
        if offenders:
            raise refusal(
                offenders,
                what="feature",
                expected="names of the model's features, numbers for numeric and text for categorical ones",
                remedy="correct or leave out the features named",
            )
        return EncodedRow(values=np.array(row, dtype=np.float64), n_missing=n_missing)


def _faulty(value: object, column: Column) -> bool:
    return value is not None and isinstance(_code(value, column), str)


def _code(value: object, column: Column) -> float | str | None:
    """What stands in the row for a value that was sent, or what is wrong with it; None: never seen in training."""
    return _number(value) if column.codes is None else _category(value, column.codes)


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
