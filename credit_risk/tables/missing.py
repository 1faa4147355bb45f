"""What was there in the last accepted version of a table and is missing now: values of a column, and rows.

Here: the rules on missing shares and on lost rows, for raw tables and feature tables alike. Both ask twice:
is the change more than two samples of one population show, and is it large enough to matter? Keep out: which
values a column may take (schemas), and levels of categories (`levels`).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import sqrt

from credit_risk.tables.finding import Finding, advice, percent
from credit_risk.tables.violations import counted

# Of 1,000 columns in a load, one in 2,000 loads would be called changed by chance alone (two-sided normal tail).
CERTAIN_Z = 5.0

# Between the published training and test applications, two extracts of one lender, one missing share of 121 differs
# by more (EXT_SOURCE_1, by 14 points: a person would want to hear of it), the next by 2 points.
MOVED_SHARE = 0.05

# One value in a thousand rows is nothing that a model can learn from: such a column is empty.
EMPTY_SHARE = 0.999

# Histories grow. Corrections take rows away, but not one in a hundred; a file cut at the end of a line loses any
# share, and one in ten is more than a model's figures would show.
LOST_ROWS = 0.01
LOST_ROWS_BLOCKING = 0.10


@dataclass(frozen=True)
class MissingShares:
    """A version of a table: its rows, and the share of missing values of each column."""

    rows: int
    missing: Mapping[str, float]


def moved_shares(
    table: str,
    before: MissingShares,
    after: MissingShares,
    *,
    read: Collection[str],
    count_units: Callable[[], int] | None = None,
) -> list[Finding]:
    """Columns whose missing share moved since the last accepted version.

    Args:
        table: its name.
        before: the last accepted version.
        after: the version to be judged; columns that only one of the two has are none of this rule.
        read: columns that a model depends on: one that is empty now, and was not, blocks.
        count_units: how many clients, or other independent things, the rows of `after` belong to: rows of one
            client are missing together. Asked only when a share moved. None: each row is one.
    """
    moved = {
        name: (before.missing[name], share)
        for name, share in after.missing.items()
        if name in before.missing and abs(share - before.missing[name]) > MOVED_SHARE
    }
    if not moved or not before.rows or not after.rows:
        return []
    units_after = count_units() if count_units else after.rows
    units_before = units_after * before.rows / after.rows
    return [
        _moved(table, name, was, now, rows=after.rows, blocking=now >= EMPTY_SHARE and name in read)
        for name, (was, now) in moved.items()
        if _z(was, now, units_before, units_after) > CERTAIN_Z
    ]


def lost_rows(table: str, before: int, after: int) -> list[Finding]:
    """Rows that the last accepted version had and this one has not."""
    lost = before - after
    if lost <= LOST_ROWS * before:
        return []
    share = lost / before
    blocking = share > LOST_ROWS_BLOCKING
    return [
        Finding(
            table=table,
            column=None,
            check="lost_rows",
            n_rows=lost,
            examples=(),
            found=f"{counted(after, 'row')} of {table}, {percent(share)} fewer than the {before:,} accepted before",
            expected=f"a table that grows, or loses at most {percent(LOST_ROWS)} to corrections",
            remedy=advice(blocking=blocking),
            blocking=blocking,
        )
    ]


def _z(before: float, after: float, n_before: float, n_after: float) -> float:
    """Two-proportion z-statistic with the pooled share, in absolute value."""
    pooled = (before * n_before + after * n_after) / (n_before + n_after)
    variance = pooled * (1 - pooled) * (1 / n_before + 1 / n_after)
    return abs(after - before) / sqrt(variance) if variance > 0 else 0.0


def _moved(table: str, column: str, was: float, now: float, *, rows: int, blocking: bool) -> Finding:
    if now >= EMPTY_SHARE:
        found = f"{table}.{column} empty, of which {percent(1 - was)} had values"
    else:
        found = f"{percent(now)} of {table}.{column} missing, {percent(was)} in the last accepted version"
    return Finding(
        table=table,
        column=column,
        check="missing_share",
        n_rows=round(now * rows),
        examples=(),
        found=found,
        expected=f"a missing share within {percent(MOVED_SHARE)} of that version's",
        remedy=advice(blocking=blocking),
        blocking=blocking,
    )
