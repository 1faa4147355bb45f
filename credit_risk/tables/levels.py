"""Levels of categories, against those of the last accepted version: gone, spelled otherwise, new, shifted.

Here: counting levels in the engine, and the rules on what became of them. A schema keeps most vocabularies open,
because a category never seen in training is scored as missing; what stops a training is a level that carried
applicants and is there no more. Keep out: missing values (`missing`), and which levels features name.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import ibis
import ibis.expr.types as ir
import numpy as np

from credit_risk.tables.finding import Finding, advice, percent
from credit_risk.tables.violations import counted, shown
from credit_risk.two_sample.contingency import clean_distance

Levels = Mapping[str, int]

# The published files have at most 58 levels in a column. More than this is free text, which no feature reads.
MOST_LEVELS = 1_000

# New levels that a finding names: they are listed most frequent first.
LISTED = 5

# A level is gone when chance leaves it out of a sample once in a million times: 20 carriers in as large a sample.
GONE_BY_CHANCE = 1e-6

# A level of one row in a hundred is what a model splits on; features that filter on a level depend on rarer ones.
COMMON_SHARE = 0.01

# Of fewer clients, a level that features name may be absent by chance: the rarest occur in 1 of 10,000 rows.
ALL_LEVELS_FROM = 100_000

# Total-variation distance beyond that of clean samples. Of the 16 categories of the published training and test
# applications the largest distance is 0.09 (NAME_CONTRACT_TYPE), the next 0.05. Where half of the rows changed
# their level, the column means something else.
SHIFTED = 0.1
SHIFTED_BLOCKING = 0.5


@dataclass(frozen=True)
class Use:
    """What features make of a text column.

    Attributes:
        read: whether any reads it.
        named: levels that filters and codes name: a feature of theirs is a number of zeros without them.
    """

    read: bool = False
    named: frozenset[str] = frozenset()


def level_counts(table: ir.Table, columns: Sequence[str]) -> dict[str, dict[str, int]]:
    """Rows of each level of each column, most frequent first; of free text the MOST_LEVELS + 1 most frequent."""
    if not columns:
        return {}
    counts = [
        table.filter(table[name].notnull())
        .group_by(level=table[name])
        .aggregate(n=lambda rows: rows.count())
        .order_by([ibis.desc("n"), "level"])
        .limit(MOST_LEVELS + 1)
        .select(column=ibis.literal(name), level="level", n="n")
        for name in columns
    ]
    found: dict[str, dict[str, int]] = {name: {} for name in columns}
    rows = ibis.union(*counts) if len(counts) > 1 else counts[0]
    for row in sorted(rows.to_pyarrow().to_pylist(), key=lambda row: (-row["n"], row["level"])):
        found[row["column"]][row["level"]] = int(row["n"])
    return found


def level_findings(
    table: str, column: str, before: Levels | None, after: Levels, use: Use, count_units: Callable[[], int]
) -> list[Finding]:
    """What became of the levels of one column.

    Args:
        table: its name.
        column: its name.
        before: rows by level in the last accepted version; None: there is none.
        after: rows by level now.
        use: what features make of the column.
        count_units: how many clients, or other independent things, the rows belong to: the rows of one client
            share their levels. Asked only when there is something to judge.
    """
    change = _Change(table, column, before or {}, after, use, count_units)
    if not after or len(change.before) > MOST_LEVELS:
        # An empty column is the business of missing shares; free text that was accepted is no category.
        return []
    if len(after) > MOST_LEVELS:
        return [change.free_text()]
    if before is None:
        return list(_first_levels(change))
    return list(_changed_levels(change))


@dataclass(frozen=True)
class _Change:
    table: str
    column: str
    before: Levels
    after: Levels
    use: Use
    count_units: Callable[[], int]

    @property
    def n_before(self) -> int:
        return sum(self.before.values())

    @property
    def n_after(self) -> int:
        return sum(self.after.values())

    def respelled(self, known: Sequence[str]) -> dict[str, str]:
        """Levels now there for a known one that differs in case, spaces, punctuation or accents alone."""
        spelled = {_letters(level): level for level in known if _letters(level)}
        new = [level for level in self.after if level not in self.before and level not in self.use.named]
        return {level: spelled[_letters(level)] for level in new if _letters(level) in spelled}

    def surely_gone(self, level: str) -> bool:
        """Whether a level that was there is absent for another reason than chance."""
        after = self.count_units()
        before = after * self.n_before / self.n_after
        carriers = self.before[level] / self.n_before * before
        # Each carrier falls into the newer sample with the share that it has of both.
        return carriers * log((before + after) / before) > -log(GONE_BY_CHANCE)

    def distance(self) -> float:
        """Total-variation distance, less what two samples of one population show."""
        levels = sorted(self.before.keys() | self.after.keys())
        before = np.array([self.before.get(level, 0) for level in levels])
        after = np.array([self.after.get(level, 0) for level in levels])
        raw = float(np.abs(before / before.sum() - after / after.sum()).sum()) / 2
        if raw <= SHIFTED:
            return raw
        units = min(self.count_units() / self.n_after, 1.0)
        scaled = [np.ceil(counts * units).astype(np.int64) for counts in (before, after)]
        return raw - clean_distance(*scaled)

    def finding(self, check: str, n_rows: int, found: str, expected: str, *, blocking: bool) -> Finding:
        remedy = advice(blocking=blocking)
        return Finding(self.table, self.column, check, n_rows, (), found, expected, remedy, blocking)

    def free_text(self) -> Finding:
        examples = ", ".join(shown(level) for level in list(self.after)[:2])
        found = f"more than {MOST_LEVELS:,} levels in {self.table}.{self.column} ({examples}, ...)"
        return self.finding("free_text", 0, found, "a category", blocking=self.use.read)


def _first_levels(change: _Change) -> Iterator[Finding]:
    """A first version has nothing to be compared with but the levels that features name."""
    where = f"{change.table}.{change.column}"
    named = sorted(change.use.named)
    respelled = change.respelled(named)
    yield from _respelled(change, respelled)
    absent = [level for level in named if level not in change.after and level not in respelled.values()]
    if not absent or respelled:
        return
    listed = ", ".join(shown(level) for level in absent)
    if len(absent) == len(named):
        # Together they are common: all absent is certain long before one is.
        if _none_by_chance(change.count_units()):
            present = ", ".join(shown(level) for level in list(change.after)[:3])
            found = f"none of the levels of {where} that features name ({listed}), but {present}"
            yield change.finding(
                "level_gone", change.n_after, found, "the levels as features spell them", blocking=True
            )
    elif change.count_units() >= ALL_LEVELS_FROM:
        found = f"no row of {where} with {listed}, which features name"
        yield change.finding("level_absent", 0, found, "every level that features name", blocking=False)


def _changed_levels(change: _Change) -> Iterator[Finding]:
    where = f"{change.table}.{change.column}"
    respelled = change.respelled([*change.before, *change.use.named])
    yield from _respelled(change, respelled)
    for level, n in change.before.items():
        if level in change.after or level in respelled.values() or not change.surely_gone(level):
            continue
        share = n / change.n_before
        named = level in change.use.named
        found = f"no row of {where} with {shown(level)}, which {percent(share)} of the rows had"
        expected = "every level that features name" if named else "the levels of the last accepted version"
        blocking = named or (change.use.read and share >= COMMON_SHARE)
        yield change.finding("level_gone", n, found, expected, blocking=blocking)
    new = [level for level in change.after if level not in change.before and level not in respelled]
    if new:
        n = sum(change.after[level] for level in new)
        listed = ", ".join(shown(level) for level in new[:LISTED]) + (", ..." if len(new) > LISTED else "")
        found = f"{counted(len(new), 'new level')} in {counted(n, 'row')} of {where}: {listed}"
        yield change.finding("level_new", n, found, "the levels of the last accepted version", blocking=False)
    distance = change.distance()
    if distance > SHIFTED and not respelled:
        yield _shifted(change, distance)


def _respelled(change: _Change, respelled: Mapping[str, str]) -> Iterator[Finding]:
    if respelled:
        n = sum(change.after[level] for level in respelled)
        pairs = ", ".join(f"{shown(now)} for {shown(was)}" for now, was in respelled.items())
        found = f"{counted(n, 'row')} of {change.table}.{change.column} spelled otherwise: {pairs}"
        yield change.finding("level_respelled", n, found, "one spelling a level", blocking=change.use.read)


def _shifted(change: _Change, distance: float) -> Finding:
    moved = {
        level: change.after.get(level, 0) / change.n_after - change.before.get(level, 0) / change.n_before
        for level in change.before.keys() | change.after.keys()
    }
    most = max(moved, key=lambda level: (abs(moved[level]), level))
    was, now = change.before.get(most, 0) / change.n_before, change.after.get(most, 0) / change.n_after
    found = (
        f"{percent(distance)} of the rows of {change.table}.{change.column} with another level than before: "
        f"{shown(most)} in {percent(now)} instead of {percent(was)}"
    )
    blocking = change.use.read and distance > SHIFTED_BLOCKING
    n_rows = round(distance * change.n_after)
    return change.finding("levels_shifted", n_rows, found, f"at most {percent(SHIFTED)}", blocking=blocking)


def _none_by_chance(units: int) -> bool:
    """Whether a common level that nobody of so many has is absent for another reason than chance."""
    return units * -log(1 - COMMON_SHARE) > -log(GONE_BY_CHANCE)


def _letters(level: str) -> str:
    """What is left of a spelling without case, spaces, punctuation and accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", level).casefold() if sign.isalnum())
