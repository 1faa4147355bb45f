"""A reference made ready once for many windows: numbers sorted, categories counted.

Here: the prepared form and how it is made. Keep out: the comparison with a window
(`credit_risk.two_sample.frames`), and which sample is a reference (`credit_risk.reference`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DriftError
from credit_risk.two_sample.kinds import kinds_of, level_counts, numeric_values
from credit_risk.two_sample.sorted_columns import SortedColumns

Floats = NDArray[np.float64]

# Two cores are what a small machine has; more threads than cores only cost.
THREADS = 2
# Below it a column takes microseconds, and threads wait for the interpreter more than they gain.
ROWS_FOR_THREADS = 20_000


@dataclass(frozen=True, eq=False)
class PreparedReference:
    """The features of a reference, sorted and counted once.

    Attributes:
        n_rows: rows of the reference.
        columns: all columns of its frame, prepared or not.
        kinds: what each feature is by itself, as `kinds_of` says, in the order of the columns.
        numbers: values of the numeric features that are not missing, ascending.
        levels: how often each level of the categorical features occurs.
    """

    n_rows: int
    columns: tuple[str, ...]
    kinds: Mapping[str, str | None]
    numbers: Mapping[str, Floats]
    levels: Mapping[str, Mapping[object, int]]

    @classmethod
    def of(
        cls, frame: pd.DataFrame, features: Sequence[str] | None = None, *, threads: int = THREADS
    ) -> "PreparedReference":
        """Sort and count each feature.

        Args:
            frame: a sample of the population that the model was trained on, one row a client; it
                is not kept.
            features: columns to prepare; None means all.
            threads: how many columns are sorted at once, where they are long.

        Raises:
            DriftError: a frame without rows, or features that are not exactly one column; names
                them all. Columns of a type that cannot be compared are an error only when they
                are compared.
        """
        names = _names(frame, features)
        kinds = kinds_of(frame, names)
        numeric = [name for name, kind in kinds.items() if kind == "numeric"]
        columns = [numeric_values(frame[name]) for name in numeric]
        ordered = SortedColumns.of(columns, threads=threads_for(len(frame), threads))
        return cls(
            n_rows=len(frame),
            columns=tuple(frame.columns),
            kinds=kinds,
            numbers=dict(zip(numeric, ordered.values, strict=True)),
            levels={name: level_counts(frame[name]) for name, kind in kinds.items() if kind == "categorical"},
        )

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the prepared features, in the order of the columns."""
        return tuple(self.kinds)


def threads_for(n_rows: int, threads: int) -> int:
    """As many threads as allowed where columns are long enough, else one."""
    return threads if n_rows >= ROWS_FOR_THREADS else 1


def _names(frame: pd.DataFrame, features: Sequence[str] | None) -> list[str]:
    if frame.empty:
        raise DriftError(
            f"a reference of {len(frame)} rows and {len(frame.columns)} columns",
            expected="a sample of the training population",
            remedy="materialize training_reference for the live model",
        )
    occurrences = Counter(frame.columns)
    names = list(occurrences) if features is None else list(dict.fromkeys(features))
    offenders = [name for name in names if occurrences[name] != 1]
    if offenders:
        raise DriftError(
            f"features that are not exactly one column (reference: {', '.join(map(str, offenders))})",
            expected="each feature once in the reference",
            remedy="correct the names, or drop the doubled columns",
            fields={"reference": offenders},
        )
    return names
