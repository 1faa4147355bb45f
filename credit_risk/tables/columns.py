"""The notation in which a raw table is written down: one function a kind of column.

Each returns a Pandera column with its type, its checks and what it means, so that a table module reads as a
data dictionary. Add a kind when a second table needs it. Keep out: anything that knows a particular table.

A check rejects a whole file: only what is certain of every row of the published files is checked. Ranges of
amounts and days are not (negative debts, drawings and down payments exist), and vocabularies stay open (a
category never seen in training is scored as missing). A missing value passes, except in a key.
"""

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir
import pandera.ibis as pa


def _one_of(data: pa.IbisData, values: Sequence[int | str]) -> ir.BooleanColumn:
    return _column(data).isin(list(values))


def _between(data: pa.IbisData, low: float | None, high: float | None) -> ir.BooleanColumn:
    # DuckDB sorts NaN above infinity: a bound above refuses both, so that no second check is needed.
    column = _column(data)
    if low is None:
        return column <= high
    return column >= low if high is None else column.between(low, high)


def _finite(data: pa.IbisData) -> ir.BooleanColumn:
    column = _column(data)
    return ~(column.isnan() | column.isinf())


def _column(data: pa.IbisData) -> ir.Column:
    return data.table[data.key]


def one_of(*values: int | str) -> pa.Check:
    """Every value that is present is one of these."""
    listed = ", ".join(str(value) for value in values)
    return pa.Check(_one_of, name="one_of", error=f"one of {listed}", values=values)


def between(low: float | None = None, high: float | None = None) -> pa.Check:
    """Every value that is present lies between the bounds, both included; None leaves a side open."""
    text = f"at most {high}" if low is None else f"at least {low}" if high is None else f"{low} to {high}"
    return pa.Check(_between, name="between", error=text, low=low, high=high)


def finite() -> pa.Check:
    """No NaN and no infinity: a missing number is an empty field."""
    return pa.Check(_finite, name="finite", error="a finite number, or an empty field when it is missing")


def key(description: str) -> pa.Column:
    """A whole number that identifies a row here or in another table; never missing."""
    return pa.Column(int, nullable=False, description=description)


def whole(description: str, *, low: int | None = None, high: int | None = None, required: bool = False) -> pa.Column:
    """A whole number, optionally within bounds that are certain."""
    checks = [] if low is None and high is None else [between(low, high)]
    return pa.Column(int, checks, nullable=not required, description=description)


def flag(description: str, *, required: bool = False) -> pa.Column:
    """A whole number that is 0 or 1."""
    return pa.Column(int, one_of(0, 1), nullable=not required, description=description)


def number(description: str, *, low: float | None = None, high: float | None = None) -> pa.Column:
    """A number with decimals; also counts that the published files write as `12.0` because some are missing."""
    bounds = [] if low is None and high is None else [between(low, high)]
    return pa.Column(
        float, [*bounds, *([] if high is not None else [finite()])], nullable=True, description=description
    )


def share(description: str) -> pa.Column:
    """A number from 0 to 1."""
    return number(description, low=0, high=1)


def text(description: str) -> pa.Column:
    """A category of an open vocabulary."""
    return pa.Column(str, nullable=True, description=description)


def code(description: str, *values: str, required: bool = False) -> pa.Column:
    """A category of a closed vocabulary, one on which features rely."""
    return pa.Column(str, one_of(*values), nullable=not required, description=description)


def weekday(description: str) -> pa.Column:
    """A day of the week in English capitals."""
    days = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    return code(description, *days)


def table_schema(name: str, columns: Mapping[str, pa.Column], *, unique: str | None = None) -> pa.DataFrameSchema:
    """The schema of a table: these columns, all of them, in this order.

    Args:
        name: name of the table.
        columns: column by name, in the order of the file.
        unique: the column that no two rows share, if there is one.
    """
    return pa.DataFrameSchema(dict(columns), name=name, strict=True, ordered=True, unique=[unique] if unique else None)
