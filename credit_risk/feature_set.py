"""The feature set: names, kinds and category levels of what a model takes.

Here: how an application becomes the row of numbers that the booster reads, one definition
for training (frames) and serving (single applications). Add to it when a model takes a new
kind of feature. Keep out: how features are computed, and which are worth having.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.errors import ModelError, PortfolioError
from credit_risk.feature_values import Column, EncodedRow, RowEncoder

Kind = Literal["numeric", "categorical"]

# Accepted, stored and used for fairness figures, but not scored unless a setting re-admits
# them where that is lawful: equal treatment law names both.
PROTECTED_FEATURES = ("CODE_GENDER", "NAME_FAMILY_STATUS")
# The client key would let the booster learn the order of arrival, the label the answer.
NOT_FEATURES = ("SK_ID_CURR", "TARGET")
# LightGBM writes names into its text format unquoted and refuses most punctuation.
VALID_NAME = re.compile(r"[A-Za-z0-9_]+")

# What pandas calls a column of numbers, with or without missing values.
NUMBER_DTYPES = ("floating", "integer", "mixed-integer-float", "boolean", "empty")


@dataclass(frozen=True)
class Feature:
    """One feature; `levels` are the categories seen in training, in the order of their codes."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeatureSet:
    """What a model takes.

    Attributes:
        scored: what the booster reads, in the order of its columns.
        protected: protected features that are accepted and stored. They are in `scored` too
            where a setting re-admits them, and only then.
    """

    scored: tuple[Feature, ...]
    protected: tuple[Feature, ...]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, score_protected: bool = False) -> Self:
        """The feature set of a feature frame: numeric dtypes are numbers, text is categories.

        Args:
            frame: one row a client; `SK_ID_CURR` and `TARGET` are left out.
            score_protected: whether protected features are scored.

        Raises:
            PortfolioError: a column that no model can take; names every one and why.
        """
        columns = [name for name in frame.columns if name not in NOT_FEATURES]
        problems = {str(name): problem for name in columns if (problem := _column_problem(frame, name))}
        if problems or not columns:
            raise PortfolioError(
                f"{len(problems)} of {len(columns)} columns that no model can take: "
                + (", ".join(f"{name} ({problem})" for name, problem in problems.items()) or "no feature"),
                expected="finite numbers or text under names of letters, digits and underscores",
                remedy="correct the definitions of these features",
                fields={"columns": problems},
            )
        features = [_feature(name, frame[name]) for name in columns]
        protected = tuple(feature for feature in features if feature.name in PROTECTED_FEATURES)
        scored = tuple(feature for feature in features if score_protected or feature not in protected)
        return cls(scored=scored, protected=protected)

    @property
    def scored_names(self) -> list[str]:
        """Names of the booster's columns, in order."""
        return [feature.name for feature in self.scored]

    @property
    def categorical_indices(self) -> list[int]:
        """Positions of the categories among the booster's columns."""
        return [i for i, feature in enumerate(self.scored) if feature.kind == "categorical"]

    @cached_property
    def accepted(self) -> tuple[Feature, ...]:
        """Every feature that an application may carry: the scored, then the protected ones."""
        return tuple(dict.fromkeys(self.scored + self.protected))

    @cached_property
    def _row_encoder(self) -> RowEncoder:
        position = {feature.name: i for i, feature in enumerate(self.scored)}
        columns = {
            feature.name: Column(
                position=position.get(feature.name),
                codes={level: float(code) for code, level in enumerate(feature.levels)}
                if feature.kind == "categorical"
                else None,
            )
            for feature in self.accepted
        }
        return RowEncoder(columns, n_scored=len(self.scored))

    def encode_row(self, features: Mapping[str, object]) -> EncodedRow:
        """One application as the booster's row.

        Args:
            features: values by name. Left out or None is missing; a category never seen in
                training is scored as missing.

        Raises:
            ApplicationError: unknown names or wrong types; `fields["offenders"]` lists every one
                as {"feature", "problem"}. Values are never repeated: they are personal data.
        """
        return self._row_encoder.encode(features)

    def encode_frame(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Many applications as the booster's matrix, row for row the bits of `encode_row`.

        Args:
            frame: at least the scored columns; numbers in numeric dtypes (or objects that hold
                numbers and None), categories as text.

        Returns:
            (n, n_scored): numbers as they are, a category as the index of its level, and nan
            for missing or never seen in training.

        Raises:
            ModelError: scored columns that are absent, or hold text where the model takes
                numbers; names every one.
        """
        absent = [name for name in self.scored_names if name not in frame.columns]
        if absent:
            raise ModelError(
                f"a frame without {len(absent)} of {len(self.scored)} scored features: {', '.join(absent)}",
                expected="every scored feature as a column, missing values inside",
                remedy="compute the features with the version that the model names",
                fields={"absent": absent},
            )
        matrix = np.empty((len(frame), len(self.scored)), dtype=np.float64)
        textual = []
        for i, feature in enumerate(self.scored):
            try:
                matrix[:, i] = _encode_column(feature, frame[feature.name])
            except (TypeError, ValueError):
                textual.append(feature.name)
        if textual:
            raise ModelError(
                f"{len(textual)} columns with other than numbers: {', '.join(textual)}",
                expected="numbers, as the model was trained on",
                remedy="compute the features with the version that the model names",
                fields={"textual": textual},
            )
        return matrix

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The accepted features of a frame, each of its kind: what drift compares, read from anywhere.

        A stored decision leaves missing features out, and one whole window may lack a feature: its
        column is missing throughout. Columns that the model does not know are left out.

        Returns:
            One column an accepted feature, in order: float64 for numbers, text or None for categories.
        """
        columns = {}
        for feature in self.accepted:
            values = (
                frame[feature.name] if feature.name in frame.columns else pd.Series(None, frame.index, dtype=object)
            )
            numeric = feature.kind == "numeric"
            columns[feature.name] = values.astype(np.float64) if numeric else values.astype(object)
        return pd.DataFrame(columns, index=frame.index)

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        return {"scored": _to_records(self.scored), "protected": _to_records(self.protected)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Iterable[Mapping[str, object]]]) -> Self:
        """The inverse of `to_dict`; a KeyError, TypeError or ValueError says that it is not one."""
        return cls(scored=_from_records(values["scored"]), protected=_from_records(values["protected"]))


def _column_problem(frame: pd.DataFrame, name: object) -> str | None:
    if not isinstance(name, str) or not VALID_NAME.fullmatch(name):
        return "its name"
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        return "found twice"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "infinite values" if np.isinf(_numbers(column)).any() else None
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.categories.to_series()
    elif not (pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)):
        return f"of type {column.dtype}"
    others = {type(value).__name__ for value in column.dropna().unique() if not isinstance(value, str)}
    return f"text mixed with {', '.join(sorted(others))}" if others else None


def _feature(name: str, column: pd.Series) -> Feature:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return Feature(name, "numeric")
    return Feature(name, "categorical", tuple(sorted(column.dropna().unique())))


def _numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _encode_column(feature: Feature, column: pd.Series) -> npt.NDArray[np.float64]:
    if feature.kind == "numeric":
        # numpy would read the text "1.5" as a number, which `encode_row` refuses.
        if pd.api.types.infer_dtype(column, skipna=True) not in NUMBER_DTYPES:
            raise TypeError(f"{feature.name} is not numeric")
        return _numbers(column)
    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    codes = pd.Index(feature.levels, dtype=object).get_indexer(pd.Index(values, dtype=object))
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def _to_records(features: Iterable[Feature]) -> list[dict[str, object]]:
    return [{"name": f.name, "kind": f.kind, "levels": list(f.levels)} for f in features]


def _from_records(records: Iterable[Mapping[str, object]]) -> tuple[Feature, ...]:
    features = []
    for record in records:
        name, kind, levels = record["name"], record["kind"], record["levels"]
        if not isinstance(name, str) or kind not in ("numeric", "categorical") or not isinstance(levels, list):
            raise ValueError(f"not a feature: {record}")
        features.append(Feature(name, kind, tuple(str(level) for level in levels)))
    return tuple(features)
