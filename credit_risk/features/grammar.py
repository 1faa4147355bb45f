"""The specification language: how a client's rows in one history become one number.

    feature  = column | GROUP_STATISTIC | summary | feature_WORD_feature
    summary  = PREFIX[_FILTER...]_MEASURE_STATISTIC     STATISTIC: MEAN, SUM, MIN, MAX, STD
             | PREFIX[_FILTER...]_COUNT                 rows
             | PREFIX[_AMONG...]_FILTER..._SHARE        rows, of those that hold AMONG
             | PREFIX[_FILTER...]_COLUMN_DISTINCT       different values
    WORD     = TO (divided by) | MINUS | TIMES; within one history the second drops its PREFIX

A feature whose composed name would pass the 63 characters of a PostgreSQL column gets a name of
its own; what it stands for is said with it.

A client without any row in a history has all its features missing, counts too: nothing is known
there, which is not a known zero. With history, COUNT and DISTINCT are never missing, SHARE only
when no row holds AMONG; a statistic is missing when no value is left to summarize (STD: fewer
than two). A condition on a missing value does not hold.

Here: sources and summaries, their names and descriptions. Add a statistic when a feature needs
it. Keep out: which features there are (one module a source), and tables (`rendering`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.conditions import Filter
from credit_risk.features.terms import Term
from credit_risk.features.units import COUNT, RATIO, Unit


@dataclass(frozen=True)
class Source:
    """A table of histories.

    Attributes:
        table: its name, as the file.
        prefix: of its features.
        rows: what its rows are, in the plural.
        dates: of what a row reports; a row dated after the application is left out, so that no
            feature sees what was not known then.
    """

    table: str
    prefix: str
    rows: str
    dates: tuple[Term, ...]

    def over(self, filters: tuple[Filter, ...]) -> str:
        """The rows that hold the filters, in a sentence."""
        if not filters:
            return f"all {self.rows}"
        return f"{self.rows} that {' and '.join(item.meaning for item in filters)}"


@dataclass(frozen=True, kw_only=True)
class Summary(Term):
    """A number of a client, from its rows in one source.

    Attributes:
        source: where the rows are.
        filters: those whose flags the reduction reads.
        measures: those whose columns the reduction reads.
        reduction: the aggregate over rows that carry flags and measures as columns. `value` is
            the summary where it is computed already: the column of its name.
    """

    source: Source
    filters: tuple[Filter, ...]
    measures: tuple[Term, ...]
    reduction: Callable[[ir.Table], ir.NumericValue] = field(repr=False, compare=False)


def aggregate(source: Source, measure: Term, statistic: str, *where: Filter) -> Summary:
    """A statistic (MEAN, SUM, MIN, MAX, STD) of a measure over the rows that hold all filters."""
    phrase, reduce_steps = _STATISTICS[statistic]
    return _summary(
        source,
        where,
        f"{measure.name}_{statistic}",
        words=f"{phrase} {measure.words} over {source.over(where)}",
        unit=measure.unit,
        measures=(measure,),
        reduction=lambda rows: reduce_steps(
            cast("ir.IntegerColumn", rows[measure.name]), measure.unit, _all_hold(rows, where)
        ),
    )


def aggregates(source: Source, measure: Term, statistics: tuple[str, ...], *where: Filter) -> tuple[Summary, ...]:
    """One aggregate of a measure for each statistic."""
    return tuple(aggregate(source, measure, statistic, *where) for statistic in statistics)


def count(source: Source, *where: Filter) -> Summary:
    """How many rows hold all filters."""
    return _summary(
        source,
        where,
        "COUNT",
        words=f"number of {source.over(where) if where else source.rows}",
        unit=COUNT,
        reduction=lambda rows: _count(rows, where),
    )


def share(source: Source, *where: Filter, among: tuple[Filter, ...] = ()) -> Summary:
    """How many rows hold all filters, of those that hold `among`."""
    both = (*among, *where)
    held = " and ".join(item.meaning for item in where)
    return _summary(
        source,
        both,
        "SHARE",
        words=f"share that {held}, of {source.over(among)}",
        unit=RATIO,
        reduction=lambda rows: _count(rows, both) / cast("ir.NumericValue", _count(rows, among).nullif(0.0)),
    )


def distinct(source: Source, term: Term, *where: Filter) -> Summary:
    """How many different values a term has over the rows that hold all filters."""
    return _summary(
        source,
        where,
        f"{term.name}_DISTINCT",
        words=f"number of different values of {term.words} over {source.over(where)}",
        unit=COUNT,
        measures=(term,),
        reduction=lambda rows: cast(
            "ir.NumericValue", rows[term.name].nunique(where=_all_hold(rows, where)).cast("float64")
        ),
    )


def _summary(
    source: Source,
    filters: tuple[Filter, ...],
    ending: str,
    *,
    words: str,
    unit: Unit,
    reduction: Callable[[ir.Table], ir.NumericValue],
    measures: tuple[Term, ...] = (),
) -> Summary:
    name = "_".join([source.prefix, *(item.name for item in filters), ending])
    return Summary(
        name=name,
        unit=unit,
        words=words,
        parts=(*measures, *(item.term for item in filters), *source.dates),
        prefix=source.prefix,
        value=lambda table: table[name],
        source=source,
        filters=filters,
        measures=measures,
        reduction=reduction,
    )


def _all_hold(rows: ir.Table, filters: tuple[Filter, ...]) -> ir.BooleanValue | None:
    flags = [cast("ir.BooleanValue", rows[item.flag]) for item in filters]
    return reduce(and_, flags) if flags else None


def _count(rows: ir.Table, filters: tuple[Filter, ...]) -> ir.NumericValue:
    return rows.count(where=_all_hold(rows, filters)).cast("float64")


def _in_units(steps: ir.NumericValue, per_unit: int) -> ir.NumericValue:
    number = steps.cast("float64")
    return number / float(per_unit) if per_unit > 1 else number


def _spread(steps: ir.IntegerColumn, unit: Unit, where: ir.BooleanValue | None) -> ir.NumericValue:
    """Sample standard deviation from exact sums: the engines' own depends on the order of rows."""
    coarse = steps.cast("float64")
    if unit.spread_steps < unit.steps:
        coarse = (coarse / (unit.steps / unit.spread_steps)).round().cast("float64")
    n = coarse.count(where=where).cast("float64")
    total = coarse.sum(where=where)
    squares = (coarse * coarse).sum(where=where)
    # Equal values give exactly zero; the rounding of large products could give a little less.
    excess = cast("ir.NumericValue", ibis.greatest(n * squares - total * total, 0.0))
    variance = excess / cast("ir.NumericValue", (n * (n - 1.0)).nullif(0.0))
    return _in_units(cast("ir.FloatingValue", variance).sqrt(), unit.spread_steps)


Reduction = Callable[["ir.IntegerColumn", Unit, "ir.BooleanValue | None"], ir.NumericValue]

_STATISTICS: dict[str, tuple[str, Reduction]] = {
    "MEAN": ("mean of", lambda steps, unit, where: _in_units(steps.mean(where=where), unit.steps)),
    "SUM": ("sum of", lambda steps, unit, where: _in_units(steps.sum(where=where), unit.steps)),
    "MIN": ("minimum of", lambda steps, unit, where: _in_units(steps.min(where=where), unit.steps)),
    "MAX": ("maximum of", lambda steps, unit, where: _in_units(steps.max(where=where), unit.steps)),
    "STD": ("standard deviation of", _spread),
}
