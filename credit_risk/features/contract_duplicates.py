"""Features that tell nothing: constant ones, and exact copies of another.

A model ignores them, so nobody is refused wrongly; but each is a specification that does not do what its author
meant. Here: finding them without comparing every pair. Keep out: features that are merely alike (training's
business), and contracts that block.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import isclose

import ibis.expr.types as ir

from credit_risk.features.contract_extents import constant
from credit_risk.tables.finding import Finding
from credit_risk.tables.violations import Extent

# Sums of the same numbers in another order differ in the last bits; what is alike to this is compared exactly.
SUM_TOLERANCE = 1e-9

# Of fewer clients a rare event may have happened to nobody, or to the same ones as another: both say nothing.
JUDGED_FROM = 100_000


def uninformative_findings(name: str, table: ir.Table, extents: Mapping[str, Extent], *, rows: int) -> list[Finding]:
    """Constant and duplicated features; warnings.

    Args:
        name: of the table.
        table: the table, on any Ibis backend.
        extents: those of its features.
        rows: how many it has; of fewer than JUDGED_FROM clients nothing is said.
    """
    if rows < JUDGED_FROM:
        return []
    single = [*_single_levels(table, extents), *(feature for feature, extent in extents.items() if constant(extent))]
    varied = {feature: extent for feature, extent in extents.items() if feature not in single}
    return [
        *(_constant(name, feature, extents[feature]) for feature in extents if feature in single),
        *(_copy(name, first, second, extents[second]) for first, second in duplicates(table, varied)),
    ]


def duplicates(table: ir.Table, extents: Mapping[str, Extent]) -> list[tuple[str, str]]:
    """Pairs of columns that agree in every row, what is missing included.

    Of columns that are equal in count, smallest and largest value the sums are compared, and of those that are
    equal in their sums the values.

    Args:
        table: the table, on any Ibis backend.
        extents: those of the columns to be compared.
    """
    groups: dict[tuple[bool, Extent], list[str]] = {}
    for column, extent in extents.items():
        groups.setdefault((table[column].type().is_numeric(), extent), []).append(column)
    alike = {key: columns for key, columns in groups.items() if len(columns) > 1}
    numbers = [column for (numeric, _), columns in alike.items() if numeric for column in columns]
    sums = _sums(table, numbers)
    pairs = [pair for columns in alike.values() for pair in combinations(columns, 2) if _sums_agree(*pair, sums)]
    return _equal(table, pairs)


def _single_levels(table: ir.Table, columns: Iterable[str]) -> list[str]:
    """Text columns without two different levels: extents say nothing about text."""
    text = [column for column in columns if not table[column].type().is_numeric()]
    if not text:
        return []
    found = table.aggregate([table[name].nunique().name(name) for name in text]).to_pyarrow().to_pylist()[0]
    return [name for name, n in found.items() if n <= 1]


def _sums(table: ir.Table, columns: Sequence[str]) -> dict[str, float]:
    if not columns:
        return {}
    found = table.aggregate(**{str(i): table[name].sum() for i, name in enumerate(columns)})
    values = found.to_pyarrow().to_pylist()[0].values()
    return {name: float(value or 0.0) for name, value in zip(columns, values, strict=True)}


def _sums_agree(first: str, second: str, sums: Mapping[str, float]) -> bool:
    if first not in sums:
        return True
    return isclose(sums[first], sums[second], rel_tol=SUM_TOLERANCE)


def _equal(table: ir.Table, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if not pairs:
        return []
    differing = [(~table[first].identical_to(table[second])).sum() for first, second in pairs]
    found = table.aggregate([n.name(str(i)) for i, n in enumerate(differing)]).to_pyarrow().to_pylist()[0]
    return list(_distinct_copies(pair for pair, n in zip(pairs, found.values(), strict=True) if not n))


def _distinct_copies(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each copy once, with the first column that it is a copy of."""
    copies: set[str] = set()
    for first, second in pairs:
        if second not in copies:
            copies.add(second)
            yield first, second


def _constant(table: str, feature: str, extent: Extent) -> Finding:
    empty = extent.missing == extent.rows
    found = f"{feature} missing for every client" if empty else f"{feature} the same wherever it is present"
    return _warning(table, feature, "constant", extent.rows - extent.missing, found, "a feature whose values differ")


def _copy(table: str, first: str, second: str, extent: Extent) -> Finding:
    found = f"{second} equal to {first} in every row"
    return _warning(table, second, "duplicate", extent.rows - extent.missing, found, "one feature for one fact")


def _warning(table: str, feature: str, check: str, n_rows: int, found: str, expected: str) -> Finding:
    remedy = "leave the feature out, or correct its specification"
    return Finding(table, feature, check, n_rows, (), found, expected, remedy, blocking=False)
