"""Statistics: what is made of the rows of a client: one number from a column or two.

Here: the reductions behind MEAN, SUM and their like. Each says which readings it needs and what it makes of
them; sums and counts that several statistics need are computed once. Everything is summed over whole steps, so
that no order of rows, number of threads or engine moves a bit. Add a statistic when a feature needs it. Keep
out: names and filters of features (`grammar`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.conditions import Filter
from credit_risk.features.readings import Reading, coarse_steps, dated, day_of, of_dated, steps
from credit_risk.features.terms import Term
from credit_risk.features.units import MONTHS, Unit

# The Gregorian year.
DAYS_OF_YEAR = 365.2425
MONTHS_OF_YEAR = 12.0

Filters = tuple[Filter, ...]


@dataclass(frozen=True)
class Statistic:
    """A reduction of a measure.

    Attributes:
        words: "mean of": before the measure in a sentence.
        reads: the columns that it needs, of a measure under filters; the date is the source's first.
        reduce: these columns to a number of steps.
        steps: how many of these steps make one of the measure's unit (TREND: in a year).
    """

    words: str
    reads: Callable[[Term, Term | None, Filters], tuple[Reading, ...]]
    reduce: Callable[..., ir.NumericValue]
    steps: Callable[[Unit, Term | None], float]

    def over(self, columns: list[ir.NumericColumn], measure: Term, date: Term | None) -> ir.NumericValue:
        """The statistic in the unit of the measure, of the columns that it reads."""
        number, steps_of_unit = self.reduce(*columns), self.steps(measure.unit, date)
        return number if steps_of_unit == 1 else number / float(steps_of_unit)


def _count(column: ir.NumericColumn) -> ir.NumericValue:
    return column.count().cast("float64")


def _variance(column: ir.NumericColumn) -> ir.NumericValue:
    n, total, squares = _count(column), column.sum(), (column * column).sum()
    # Equal values give exactly zero; the rounding of large products could give a little less.
    excess = cast("ir.NumericValue", ibis.greatest(n * squares - total * total, 0.0))
    return excess / cast("ir.NumericValue", (n * (n - 1.0)).nullif(0.0))


def _spread(column: ir.NumericColumn) -> ir.NumericValue:
    return cast("ir.FloatingValue", _variance(column)).sqrt()


def _slope(value: ir.NumericColumn, day: ir.NumericColumn) -> ir.NumericValue:
    dated_value = cast("ir.NumericColumn", ibis.ifelse(day.notnull(), value, ibis.null("float64")))
    n, of_days, of_values = _count(day), day.sum(), dated_value.sum()
    both = n * (day * value).sum() - of_days * of_values
    alone = n * (day * day).sum() - of_days * of_days
    return both / cast("ir.NumericValue", alone.nullif(0.0))


def _held_by_largest(packed: ir.NumericColumn) -> ir.NumericValue:
    return of_dated(packed.max())


def _plain(measure: Term, _: Term | None, filters: Filters) -> tuple[Reading, ...]:
    return (steps(measure, filters),)


def _coarse(measure: Term, _: Term | None, filters: Filters) -> tuple[Reading, ...]:
    return (coarse_steps(measure, filters),)


def _with_dates(measure: Term, date: Term | None, filters: Filters) -> tuple[Reading, ...]:
    return (coarse_steps(measure, filters), day_of(cast("Term", date), measure, filters))


def _on_latest(measure: Term, date: Term | None, filters: Filters) -> tuple[Reading, ...]:
    return (dated(cast("Term", date), measure, filters, latest=True),)


def _on_first(measure: Term, date: Term | None, filters: Filters) -> tuple[Reading, ...]:
    return (dated(cast("Term", date), measure, filters, latest=False),)


def _fine_steps(unit: Unit, _: Term | None) -> float:
    return unit.steps


def _coarse_steps(unit: Unit, _: Term | None) -> float:
    return unit.spread_steps


def _squared_steps(unit: Unit, _: Term | None) -> float:
    return unit.spread_steps**2


def _steps_in_a_year(unit: Unit, date: Term | None) -> float:
    return unit.spread_steps / (MONTHS_OF_YEAR if cast("Term", date).unit == MONTHS else DAYS_OF_YEAR)


STATISTICS: dict[str, Statistic] = {
    "MEAN": Statistic("mean of", _plain, lambda column: column.mean(), _fine_steps),
    "SUM": Statistic("sum of", _plain, lambda column: column.sum(), _fine_steps),
    "MIN": Statistic("minimum of", _plain, lambda column: column.min(), _fine_steps),
    "MAX": Statistic("maximum of", _plain, lambda column: column.max(), _fine_steps),
    "STD": Statistic("standard deviation of", _coarse, _spread, _coarse_steps),
    "VAR": Statistic("variance of", _coarse, _variance, _squared_steps),
    "TREND": Statistic("least-squares slope a year of", _with_dates, _slope, _steps_in_a_year),
    "LATEST": Statistic("latest", _on_latest, _held_by_largest, _fine_steps),
    "FIRST": Statistic("earliest", _on_first, _held_by_largest, _fine_steps),
}
