"""Statistics across columns of one row: external scores, documents, building information.

Here: `across`. Missing columns are skipped, as in a mean over rows. Keep out: statistics over
the rows of a history (`grammar`).
"""

from collections.abc import Callable
from functools import reduce
from operator import add, mul
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.terms import Term
from credit_risk.features.units import COUNT, FLAG

Values = list[ir.NumericValue]


def across(group: str, statistic: str, columns: tuple[Term, ...], meaning: str) -> Term:
    """A statistic over several columns of one row; named GROUP_STATISTIC.

    Args:
        group: the first part of the name.
        statistic: MEAN, SUM, MIN or MAX of the columns present, missing when none is; STD
            (sample) of two or more present; PRODUCT of all; PRESENT, how many are there, which
            is never missing.
        columns: of one unit.
        meaning: the columns in a few words, in the plural.
    """
    phrase, compute = _STATISTICS[statistic]
    return Term(
        name=f"{group}_{statistic}",
        unit=COUNT if statistic == "PRESENT" or columns[0].unit == FLAG else columns[0].unit,
        words=f"{phrase} the {len(columns)} {meaning}",
        parts=columns,
        value=lambda table: compute([column.number(table) for column in columns]),
    )


def _present(values: Values) -> ir.NumericValue:
    return reduce(add, [value.notnull().cast("float64") for value in values])


def _sum_or_zero(values: Values) -> ir.NumericValue:
    return reduce(add, [cast("ir.NumericValue", ibis.coalesce(value, 0.0)) for value in values])


def _mean(values: Values) -> ir.NumericValue:
    return _sum_or_zero(values) / cast("ir.NumericValue", _present(values).nullif(0.0))


def _sum(values: Values) -> ir.NumericValue:
    some = ibis.coalesce(*values).notnull()
    return cast("ir.NumericValue", ibis.ifelse(some, _sum_or_zero(values), ibis.null("float64")))


def _spread(values: Values) -> ir.NumericValue:
    mean = _mean(values)
    squares = _sum_or_zero([(value - mean) * (value - mean) for value in values])
    freedom = cast("ir.NumericValue", ibis.greatest(_present(values) - 1.0, 0.0).nullif(0.0))
    return cast("ir.FloatingValue", squares / freedom).sqrt()


_STATISTICS: dict[str, tuple[str, Callable[[Values], ir.NumericValue]]] = {
    "MEAN": ("mean of", _mean),
    "SUM": ("sum of", _sum),
    "MIN": ("minimum of", lambda values: cast("ir.NumericValue", ibis.least(*values))),
    "MAX": ("maximum of", lambda values: cast("ir.NumericValue", ibis.greatest(*values))),
    "STD": ("standard deviation of", _spread),
    "PRODUCT": ("product of all of", lambda values: reduce(mul, values)),
    "PRESENT": ("number present among", _present),
}
