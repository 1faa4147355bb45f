"""Columns of a table that is being made up: plain arrays, and text as codes into a few levels.

Add an operation that several tables need on their columns. Keep out: what a column means
(its own table's module) and how it is written (kaggle_csv).
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = Ints | Mask

# Home Credit's date that means "never": a thousand years in days.
NEVER = 365243


@dataclass(frozen=True)
class Labels:
    """A text column: `codes` into `levels`, -1 where the value is missing."""

    codes: npt.NDArray[np.int16]
    levels: tuple[str, ...]

    @classmethod
    def constant(cls, level: str, n: int) -> "Labels":
        """`n` times the same level."""
        return cls(np.zeros(n, dtype=np.int16), (level,))

    @classmethod
    def flags(cls, on: Mask) -> "Labels":
        """Y where `on`, else N."""
        return cls(on.astype(np.int16), ("N", "Y"))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Rows) -> "Labels":
        return Labels(self.codes[rows], self.levels)

    def among(self, *levels: str) -> Mask:
        """Which rows have one of `levels`."""
        return np.isin(self.codes, [i for i, level in enumerate(self.levels) if level in levels])

    def where(self, rows: Mask, other: "Labels | str") -> "Labels":
        """These labels in `rows`, and `other` everywhere else."""
        if isinstance(other, str):
            other = Labels.constant(other, len(self))
        levels = tuple(dict.fromkeys(self.levels + other.levels))
        # The last entry answers for code -1: missing stays missing.
        position = np.array([*(levels.index(level) for level in other.levels), -1], dtype=np.int16)
        return Labels(np.where(rows, self.codes, position[other.codes]), levels)

    def missing_where(self, rows: Mask) -> "Labels":
        """The same labels, missing in `rows`."""
        return Labels(np.where(rows, np.int16(-1), self.codes), self.levels)


Column: TypeAlias = Floats | Ints | Labels
Table: TypeAlias = dict[str, Column]


def take(table: Table, rows: Rows) -> Table:
    """The given rows of every column."""
    return {name: column[rows] for name, column in table.items()}


def stack(upper: Table, lower: Table) -> Table:
    """The rows of two tables of equal columns, one below the other; both must share their levels."""
    return {name: _stack(column, lower[name]) for name, column in upper.items()}


def _stack(upper: Column, lower: Column) -> Column:
    if isinstance(upper, Labels) and isinstance(lower, Labels):
        if upper.levels != lower.levels:
            raise ValueError(f"found levels {upper.levels} over {lower.levels}; expected the same")
        return Labels(np.concatenate([upper.codes, lower.codes]), upper.levels)
    return np.concatenate([upper, lower])


def floats(column: Column) -> Floats:
    """A numeric column as float64."""
    if isinstance(column, Labels):
        raise TypeError(f"found text with levels {column.levels}; expected numbers")
    return column.astype(np.float64, copy=False)


def labels(column: Column) -> Labels:
    """A column that must be text."""
    if not isinstance(column, Labels):
        raise TypeError(f"found numbers of {column.dtype}; expected text")
    return column


def whole(values: Floats | Ints) -> Ints:
    """Rounded to whole numbers."""
    return np.rint(values).astype(np.int64)


def cents(amounts: Floats) -> Floats:
    """Rounded to two digits, which the CSV then shows."""
    return np.round(amounts, 2)


def missing_where(values: Floats | Ints, rows: Mask) -> Floats:
    """As floats, missing in `rows`."""
    return np.where(rows, np.nan, values.astype(np.float64))


def places(counts: Ints) -> tuple[Ints, Ints]:
    """For groups of the given sizes laid end to end: each row's group, and its place in it from 0."""
    group = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return group, np.arange(len(group)) - starts[group]
