"""The specification language: how a client's rows in one history become one number.

    feature  = column | GROUP_STATISTIC | summary | feature_WORD_feature
    summary  = PREFIX[_FILTER...]_MEASURE_STATISTIC     STATISTIC: MEAN, SUM, MIN, MAX, STD, VAR,
                                                        TREND, LATEST, FIRST
             | PREFIX[_FILTER...]_COUNT                 rows
             | PREFIX[_AMONG...]_FILTER..._SHARE        rows, of those that hold AMONG
             | PREFIX[_FILTER...]_COLUMN_DISTINCT       different values
    WORD     = TO (divided by) | PLUS | MINUS | TIMES; within one history the second drops its PREFIX

TREND is the slope a year of the least-squares line over the date of the rows; LATEST and FIRST are the value on
the latest and the earliest date, the largest where several rows have that date.

The rows of a source may be groups of the rows of another: its loans instead of their months. A measure or a
filter of such a source is a summary of the rows of each group.

A feature whose composed name would pass the 63 characters of a PostgreSQL column gets a name of
its own; what it stands for is said with it.

A client without any row in a history has all its features missing, counts too: nothing is known
there, which is not a known zero. With history, COUNT and DISTINCT are never missing, SHARE only
when no row holds AMONG; a statistic is missing when no value is left to summarize (STD, VAR, TREND: fewer
than two). A condition on a missing value does not hold.

Here: sources and summaries, their names and descriptions. Keep out: how a statistic is computed
(`statistics`), which features there are (one module a source), and tables (`rendering`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import ibis.expr.types as ir

from credit_risk.features.conditions import Filter
from credit_risk.features.readings import Reading, presence, steps
from credit_risk.features.statistics import STATISTICS
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
            feature sees what was not known then. Statistics over time read the first.
        groups_of: the source whose rows are grouped into the rows of this one.
        key: what the rows of one group have in common, besides the client.
    """

    table: str
    prefix: str
    rows: str
    dates: tuple[Term, ...]
    groups_of: "Source | None" = None
    key: Term | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """What its rows are made with, whatever is asked of them: dates and keys, down to the table."""
        key = (self.key,) if self.key else ()
        return (*self.dates, *key, *(self.groups_of.terms if self.groups_of else ()))

    def over(self, filters: tuple[Filter, ...]) -> str:
        """The rows that hold the filters, in a sentence."""
        if not filters:
            return f"all {self.rows}"
        return f"{self.rows} that {' and '.join(item.meaning for item in filters)}"


def grouped(source: Source, prefix: str, rows: str, key: Term, dates: tuple[Term, ...] = ()) -> Source:
    """A source whose rows are groups of rows of another, such as the loans of monthly balances.

    Args:
        source: whose rows are grouped, by client and key.
        prefix: of its features.
        rows: what a group is, in the plural.
        key: what the rows of one group have in common.
        dates: of a group, made with `of_group`; statistics over time read the first.
    """
    return Source(source.table, prefix, rows, dates, groups_of=source, key=key)


@dataclass(frozen=True, kw_only=True)
class Summary(Term):
    """A number of a client, from its rows in one source.

    Attributes:
        source: where the rows are.
        filters: those that its readings name.
        readings: the columns that the reduction reads.
        reduction: the aggregate over rows that carry the readings as columns. `value` is
            the summary where it is computed already: the column of its name.
    """

    source: Source
    filters: tuple[Filter, ...]
    readings: tuple[Reading, ...]
    reduction: Callable[[ir.Table], ir.NumericValue] = field(repr=False, compare=False)


def of_group(summary: Summary) -> Term:
    """A summary as a number of each row of the grouped source: of each loan, from its months."""
    return Term(
        name=summary.name.removeprefix(f"{summary.source.prefix}_"),
        unit=summary.unit,
        words=f"each one's {summary.words}",
        parts=(summary,),
        value=summary.value,
    )


def aggregate(source: Source, measure: Term, statistic: str, *where: Filter) -> Summary:
    """A statistic (MEAN, SUM, MIN, MAX, STD, VAR, TREND, LATEST, FIRST) of a measure over rows that hold all filters.

    TREND, LATEST and FIRST go by the first date of the source.
    """
    kind = STATISTICS[statistic]
    date = source.dates[0] if source.dates else None
    readings = kind.reads(measure, date, where)
    return _summary(
        source,
        where,
        f"{measure.name}_{statistic}",
        words=f"{kind.words} {measure.words} over {source.over(where)}",
        unit=measure.unit,
        readings=readings,
        reduction=lambda rows: kind.over([_column(rows, item) for item in readings], measure, date),
    )


def aggregates(source: Source, measure: Term, statistics: tuple[str, ...], *where: Filter) -> tuple[Summary, ...]:
    """One aggregate of a measure for each statistic."""
    return tuple(aggregate(source, measure, statistic, *where) for statistic in statistics)


def count(source: Source, *where: Filter) -> Summary:
    """How many rows hold all filters."""
    held = presence(where)
    return _summary(
        source,
        where,
        "COUNT",
        words=f"number of {source.over(where) if where else source.rows}",
        unit=COUNT,
        readings=(held,),
        reduction=lambda rows: _count(rows, held),
    )


def share(source: Source, *where: Filter, among: tuple[Filter, ...] = ()) -> Summary:
    """How many rows hold all filters, of those that hold `among`."""
    both, base = presence((*among, *where)), presence(among)
    held = " and ".join(item.meaning for item in where)
    return _summary(
        source,
        both.filters,
        "SHARE",
        words=f"share that {held}, of {source.over(among)}",
        unit=RATIO,
        readings=(both, base),
        reduction=lambda rows: _count(rows, both) / cast("ir.NumericValue", _count(rows, base).nullif(0.0)),
    )


def distinct(source: Source, term: Term, *where: Filter) -> Summary:
    """How many different values a term has over the rows that hold all filters."""
    reading = steps(term, where)
    return _summary(
        source,
        where,
        f"{term.name}_DISTINCT",
        words=f"number of different values of {term.words} over {source.over(where)}",
        unit=COUNT,
        readings=(reading,),
        reduction=lambda rows: cast("ir.NumericValue", rows[reading.name].nunique().cast("float64")),
    )


def _summary(
    source: Source,
    filters: tuple[Filter, ...],
    ending: str,
    *,
    words: str,
    unit: Unit,
    readings: tuple[Reading, ...],
    reduction: Callable[[ir.Table], ir.NumericValue],
) -> Summary:
    name = "_".join([source.prefix, *(item.name for item in filters), ending])
    read = {term.name: term for reading in readings for term in reading.terms}
    return Summary(
        name=name,
        unit=unit,
        words=words,
        parts=(*read.values(), *(item.term for item in filters), *source.terms),
        prefix=source.prefix,
        value=lambda table: table[name],
        source=source,
        filters=filters,
        readings=readings,
        reduction=reduction,
    )


def _column(rows: ir.Table, reading: Reading) -> ir.NumericColumn:
    return cast("ir.NumericColumn", rows[reading.name])


def _count(rows: ir.Table, reading: Reading) -> ir.NumericValue:
    # Without a row of which the filters are known there is no sum.
    return cast("ir.NumericValue", _column(rows, reading).sum().cast("float64").fill_null(0.0))
