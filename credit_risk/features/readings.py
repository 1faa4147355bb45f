"""Readings: the columns that the rows of a history carry while they are reduced to one row a client.

A reading is a number of a row where all its filters hold, and NULL elsewhere. Each is projected once, however
many statistics read it: engines reduce a plain column several times as fast as one under a condition.

Here: the kinds of readings. Add one when a statistic needs a number of the row that these do not give. Keep
out: what is made of a column of them (`statistics`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.conditions import Filter
from credit_risk.features.terms import Term, on_grid, whole
from credit_risk.features.units import CATEGORY

# A day and a value in one 64-bit integer, the day above: 18 bits (358 years before the application, 8 times the
# oldest date of the bureau) and 45 (17 billion currency units in thousandths). What does not fit is missing.
DAYS_BACK = 2**17
VALUE_STEPS = 2**44


@dataclass(frozen=True)
class Reading:
    """One projected column.

    Attributes:
        stem: of its name: what is read, whichever the filters.
        terms: what it is computed from.
        filters: the rows that carry it.
        value: the number of any row, over a table with the raw columns, cleaned.
    """

    stem: str
    terms: tuple[Term, ...]
    filters: tuple[Filter, ...]
    value: Callable[[ir.Table], ir.Value] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Of the column."""
        return "__".join([self.stem, *(item.name for item in self.filters)])

    def where_held(self, rows: ir.Table) -> ir.Value:
        """The column, over rows that carry its stem and the flags of its filters."""
        value = rows[self.stem]
        return ibis.ifelse(self.held(rows), value, ibis.null(value.type())) if self.filters else value

    def held(self, rows: ir.Table) -> ir.BooleanValue:
        """Whether all its filters hold, over rows that carry their flags; NULL where nobody knows."""
        return reduce(and_, [cast("ir.BooleanValue", rows[item.flag]) for item in self.filters])


class Presence(Reading):
    """One in every row on which the filters hold: the sum of this column counts them.

    A flag as a number costs an engine a fifth of what a condition costs.
    """

    def where_held(self, rows: ir.Table) -> ir.Value:
        """Zero or NULL where they do not hold."""
        return self.held(rows).cast("int8") if self.filters else rows[self.stem]


def steps(term: Term, filters: tuple[Filter, ...]) -> Reading:
    """The number in whole steps of its unit; a category as it is."""
    if term.unit == CATEGORY:
        return Reading(term.name, (term,), filters, term.value)
    return Reading(term.name, (term,), filters, lambda rows: on_grid(term, rows))


def coarse_steps(term: Term, filters: tuple[Filter, ...]) -> Reading:
    """The number in the coarser steps of its unit, whose squares sum exactly."""
    unit = term.unit
    if unit.spread_steps == unit.steps:
        return steps(term, filters)
    ratio = unit.steps / unit.spread_steps
    return Reading(f"{term.name}__COARSE", (term,), filters, lambda rows: whole(on_grid(term, rows) / ratio))


def presence(filters: tuple[Filter, ...]) -> Reading:
    """One in every row on which the filters hold."""
    return Presence("ROW", (), filters, lambda _: ibis.literal(1, "int8"))


def day_of(date: Term, measure: Term, filters: tuple[Filter, ...]) -> Reading:
    """The date of the rows that have the measure."""

    def value(rows: ir.Table) -> ir.Value:
        return ibis.ifelse(measure.number(rows).notnull(), on_grid(date, rows), ibis.null("float64"))

    return Reading(f"{measure.name}__{date.name}", (date, measure), filters, value)


def dated(date: Term, measure: Term, filters: tuple[Filter, ...], *, latest: bool) -> Reading:
    """Date and measure in one integer, whose maximum holds the measure of the latest (else earliest) date.

    Of several rows of that date it is the largest measure: which row comes first is nobody's to say.
    """

    def value(rows: ir.Table) -> ir.Value:
        day, number = on_grid(date, rows), on_grid(measure, rows)
        fits = (day > float(-DAYS_BACK)) & (day <= 0.0) & (number.abs() < float(VALUE_STEPS))
        known = cast("ir.NumericValue", ibis.ifelse(fits, day, ibis.null("float64")))
        rank = known + float(DAYS_BACK) if latest else 0.0 - known
        return rank.cast("int64") * (2 * VALUE_STEPS) + number.cast("int64") + VALUE_STEPS

    which = "LATEST" if latest else "FIRST"
    return Reading(f"{measure.name}__{which}", (date, measure), filters, value)


def of_dated(packed: ir.NumericValue) -> ir.NumericValue:
    """The measure, in whole steps, of a `dated` integer."""
    low = cast("ir.IntegerValue", packed) % (2 * VALUE_STEPS)
    return (low - VALUE_STEPS).cast("float64")
