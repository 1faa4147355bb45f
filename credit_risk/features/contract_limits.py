"""Limits: between which bounds a feature must lie, from its specification and the schema of what it reads.

A bound is stated only where it is certain: counts are whole and not negative, shares lie from 0 to 1, flags are
0 or 1, days of what happened lie before the application, and a minimum, maximum or mean lies where its column
does. Here: this reading of a specification. Keep out: Pandera (`contract`), and bounds of raw columns, which
their schemas state.
"""

from collections.abc import Callable
from dataclasses import dataclass

from credit_risk.features.grammar import Summary
from credit_risk.features.terms import Raw, Term
from credit_risk.features.units import CATEGORY
from credit_risk.tables.catalogue import TABLES


@dataclass(frozen=True)
class Limits:
    """What is certain of every value that is present.

    Attributes:
        low: no value is less; None: nothing is known.
        high: no value is more; None: nothing is known.
        whole: every value is a whole number.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False


def limits(term: Term, table: str) -> Limits:
    """The limits of a feature.

    Args:
        term: its specification.
        table: the raw table to which columns outside of any summary belong.
    """
    if term.unit == CATEGORY:
        return Limits()
    if isinstance(term, Summary):
        return _of_summary(term)
    if isinstance(term, Raw):
        return _of_column(term, table)
    only = term.parts[0] if len(term.parts) == 1 else None
    # A name for another term, or a number of each group, is that term; what is computed from it is not.
    if only is not None and term.value is only.value:
        return limits(only, table)
    return Limits()


def _of_column(column: Raw, table: str) -> Limits:
    schema = TABLES[table].schema.columns[column.name]
    bounds = Limits(whole=str(schema.dtype).startswith(("int", "uint")))
    for check in schema.checks:
        if check.name == "between":
            bounds = Limits(check.statistics["low"], check.statistics["high"], bounds.whole)
        elif check.name == "one_of":
            values = check.statistics["values"]
            bounds = Limits(min(values), max(values), bounds.whole)
    return _before_application(bounds) if column.fact else bounds


def _of_summary(summary: Summary) -> Limits:
    statistic = summary.name.rsplit("_", 1)[1]
    if statistic in _OF_ROWS:
        return _OF_ROWS[statistic]
    measure = _measure(summary, statistic)
    inner = limits(measure, summary.source.table)
    if measure in summary.source.dates:
        inner = _before_application(inner)
    # Measures are rounded to whole steps of their unit before they are reduced.
    return _OF_MEASURE[statistic](Limits(inner.low, inner.high, whole=measure.unit.steps == 1))


def _measure(summary: Summary, statistic: str) -> Term:
    """The part that the statistic is of: by the grammar, its name stands before it."""
    named = [part for part in summary.parts if summary.name.endswith(f"_{part.name}_{statistic}")]
    return max(named, key=lambda part: len(part.name))


def _before_application(bounds: Limits) -> Limits:
    return Limits(bounds.low, min(0, bounds.high) if bounds.high is not None else 0, bounds.whole)


def _sum(inner: Limits) -> Limits:
    low = 0 if inner.low is not None and inner.low >= 0 else None
    high = 0 if inner.high is not None and inner.high <= 0 else None
    return Limits(low, high, inner.whole)


def _same(inner: Limits) -> Limits:
    return inner


def _mean(inner: Limits) -> Limits:
    return Limits(inner.low, inner.high)


def _not_negative(_: Limits) -> Limits:
    return Limits(low=0)


def _unknown(_: Limits) -> Limits:
    return Limits()


_OF_ROWS = {
    "COUNT": Limits(low=0, whole=True),
    "DISTINCT": Limits(low=0, whole=True),
    "SHARE": Limits(low=0, high=1),
}

_OF_MEASURE: dict[str, Callable[[Limits], Limits]] = {
    "MEAN": _mean,
    "SUM": _sum,
    "MIN": _same,
    "MAX": _same,
    "LATEST": _same,
    "FIRST": _same,
    "STD": _not_negative,
    "VAR": _not_negative,
    "TREND": _unknown,
}
