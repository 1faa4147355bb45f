"""Levels that features name: in filters (`one_of`) and codes (`coded`), by raw table and column.

A name that no row carries makes zeros of every feature behind it, silently: the loading of raw tables asks this
module what must be there. Keep out: what became of the levels (`credit_risk.tables.levels`).
"""

from collections.abc import Iterable, Iterator

from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Summary
from credit_risk.features.terms import Raw, Term
from credit_risk.features.units import CATEGORY
from credit_risk.tables.levels import Use


def levels_read(specifications: Iterable[Term]) -> dict[str, frozenset[str]]:
    """The levels that specifications name, by the column that has them."""
    named: dict[str, frozenset[str]] = {}
    for specification in specifications:
        for column, levels in _named(specification):
            named[column] = named.get(column, frozenset()) | frozenset(levels)
    return named


def column_uses(tables: Iterable[FeatureTable]) -> dict[str, dict[str, Use]]:
    """What feature tables make of each raw column that they read, by raw table."""
    uses: dict[str, dict[str, Use]] = {}
    for table in tables:
        named = levels_read(table.specifications)
        for raw, columns in table.inputs.items():
            of_table = uses.setdefault(raw, {})
            for name in columns:
                levels = named.get(name, frozenset())
                of_table[name] = Use(read=True, named=of_table.get(name, Use()).named | levels)
    return uses


def _named(term: Term) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in term.walk():
        if part.levels:
            yield from ((column, part.levels) for column in _categories(part))
        if isinstance(part, Summary):
            for condition in part.filters:
                if condition.levels:
                    yield from ((column, condition.levels) for column in _categories(condition.term))


def _categories(term: Term) -> list[str]:
    return [part.name for part in term.walk() if isinstance(part, Raw) and part.unit == CATEGORY]
