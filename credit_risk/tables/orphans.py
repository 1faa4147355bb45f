"""Orphans: rows of a history whose key no parent table holds. Valid, but worth knowing.

Here: counting them in the engine. Keep out: where tables are stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True)
class Orphans:
    """Rows that point nowhere, of all rows, and how many different keys they carry."""

    rows: int
    keys: int
    of_rows: int

    @property
    def share(self) -> float:
        """Share of the rows, 0 to 1; 0 without rows."""
        return self.rows / self.of_rows if self.of_rows else 0.0


def count_orphans(child: ir.Table, parents: Sequence[ir.Table], key: str) -> Orphans:
    """Count the rows of `child` whose `key` is in none of its parents."""
    known = ibis.union(*(parent.select(key) for parent in parents)) if len(parents) > 1 else parents[0].select(key)
    lost = child.select(key).anti_join(known, key)
    counts = lost.aggregate(rows=lost.count(), keys=lost[key].nunique()).to_pyarrow().to_pylist()[0]
    return Orphans(int(counts["rows"]), int(counts["keys"]), int(child.count().to_pyarrow().as_py()))
