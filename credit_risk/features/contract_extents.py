"""The extents of a feature table's columns, asked of the engine where its file does not state them.

Here: one query for all columns that are left. Keep out: what extents prove (`credit_risk.tables.violations`), and
reading them from a file (resources).
"""

from collections.abc import Mapping, Sequence
from math import isnan

import ibis.expr.types as ir

from credit_risk.tables.violations import Extent


def measured_extents(table: ir.Table, columns: Sequence[str]) -> dict[str, Extent]:
    """The extents of numeric columns, in one pass over them; of text columns only what is missing."""
    if not columns:
        return {}
    asked = {f"n{i}": table[name].count() for i, name in enumerate(columns)}
    for i, name in enumerate(columns):
        if table[name].type().is_numeric():
            asked |= {f"low{i}": table[name].min(), f"high{i}": table[name].max()}
    found = table.aggregate(rows=table.count(), **asked).to_pyarrow().to_pylist()[0]
    return {name: _extent(found, i) for i, name in enumerate(columns)}


def constant(extent: Extent) -> bool:
    """Whether no two values of a numeric column differ: it says no more than where it is missing."""
    return extent.missing == extent.rows or (extent.low is not None and extent.low == extent.high)


def _extent(found: Mapping[str, float | None], i: int) -> Extent:
    rows, present = int(found["rows"] or 0), int(found[f"n{i}"] or 0)
    low, high = found.get(f"low{i}"), found.get(f"high{i}")
    # A NaN counts as larger than every number in the engines, and hides the bound that it stands for.
    known = low is not None and high is not None and not isnan(low) and not isnan(high)
    return Extent(rows, rows - present, low if known else None, high if known else None)
