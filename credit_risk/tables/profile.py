"""The profile of a raw table: what its next version is compared with.

Here: taking it in the engine, and what changed from one to the next, by the name of the check that reports it.
Add a figure when a rule needs one. Keep out: the rules (`missing`, `levels`), and where profiles are stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from credit_risk.tables.finding import Finding
from credit_risk.tables.levels import Levels, Use, level_counts, level_findings
from credit_risk.tables.missing import MissingShares, lost_rows, moved_shares
from credit_risk.tables.raw_table import RawTable


@dataclass(frozen=True)
class Profile:
    """One version of a raw table.

    Attributes:
        rows: of the table.
        missing: share of missing values by column.
        levels: rows by level, of every text column.
    """

    rows: int
    missing: Mapping[str, float]
    levels: Mapping[str, Levels]


@dataclass(frozen=True)
class Changes:
    """What became of a table since its last accepted version."""

    rows: list[Finding]
    missing: list[Finding]
    levels: list[Finding]

    @property
    def all(self) -> list[Finding]:
        """Every finding."""
        return [*self.rows, *self.missing, *self.levels]


def take_profile(table: ir.Table, raw: RawTable, rows: int, missing: Mapping[str, float]) -> Profile:
    """The profile of a typed table whose rows and missing shares are known already."""
    text = [name for name, column in raw.schema.columns.items() if str(column.dtype) == "string"]
    return Profile(rows, dict(missing), level_counts(table, text))


def count_units(table: ir.Table, raw: RawTable) -> int:
    """How many independent things the rows belong to: clients, or credits where the client is not known."""
    key = raw.parents[0].column if raw.parents else raw.key
    units = table.count() if key is None or key == raw.key else table[key].nunique()
    return int(units.to_pyarrow().as_py())


def changes(
    raw: RawTable, before: Profile | None, after: Profile, uses: Mapping[str, Use], units: Callable[[], int]
) -> Changes:
    """Everything that changed beyond chance and tolerance.

    Args:
        raw: the table.
        before: its last accepted version; None: there is none.
        after: the version to be judged.
        uses: what features make of its columns, by name; a column that is not there is not read.
        units: `count_units` of the new version, asked only when something moved.
    """
    known = {} if before is None else before.levels
    levels = [
        finding
        for name, counts in after.levels.items()
        # A column that was empty has no levels to be compared with.
        for finding in level_findings(raw.name, name, known.get(name) or None, counts, uses.get(name, Use()), units)
    ]
    if before is None:
        return Changes([], [], levels)
    read = [name for name, use in uses.items() if use.read]
    shares = [MissingShares(profile.rows, profile.missing) for profile in (before, after)]
    return Changes(
        rows=lost_rows(raw.name, before.rows, after.rows),
        missing=moved_shares(raw.name, *shares, read=read, count_units=units),
        levels=levels,
    )
