"""What the kernel's aggregates need beyond the grammar of features, as terms of that grammar.

Here: one-hot columns, sums that call nothing zero, divisions by zero that pandas calls infinite, and grids fine
enough to be held against pandas' floats. Add a term when `kernel_specifications` needs one. Keep out: anything
that a feature of ours should have; that belongs into `credit_risk.features`.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.conditions import Filter, one_of
from credit_risk.features.grammar import Source, aggregate, count, share
from credit_risk.features.terms import Term, named
from credit_risk.features.units import COUNT, FLAG, Unit

# Sums of squares in thousandths pass 2**53 and are rounded in their sixteenth digit, as pandas' are.
AMOUNT = Unit("currency", steps=1000, spread_steps=1000)
# A billionth, so that ratios of either size keep seven digits; beyond a million they would be missing.
PERC = Unit("ratio", steps=10**9, spread_steps=10**9)
# RATE_DOWN_PAYMENT goes down to 1e-5 and never beyond 1.
RATE = Unit("ratio", steps=10**12, spread_steps=10**12)

MISSING = "nan"


def holds_level(category: Term, level: str) -> Filter:
    """The category is this level; "nan" stands for a missing one, as in pandas' one-hot columns."""
    if level != MISSING:
        return one_of(f"{category.name}_{level}", category, (level,), f"have {category.name} = {level}")
    return Filter(
        name=f"{category.name}_{MISSING}",
        meaning=f"have no {category.name}",
        term=category,
        holds=lambda table: category.value(table).isnull(),
    )


def one_hot(category: Term, level: str) -> Term:
    """1 where the category is this level, 0 elsewhere and where it is missing."""
    condition = holds_level(category, level)

    def value(table: ir.Table) -> ir.Value:
        held = cast("ir.BooleanValue", ibis.coalesce(condition.holds(table), ibis.literal(value=False)))
        return held.cast("float64")

    return Term(name=condition.name, unit=FLAG, words=condition.meaning, parts=(category,), value=value)


def code(category: Term, levels: Sequence[str]) -> Term:
    """The position of the category among its levels, as pandas numbers them."""

    def value(table: ir.Table) -> ir.Value:
        level = category.value(table)
        return reduce(add, [(level == text).cast("float64") * float(i) for i, text in enumerate(levels)])

    return Term(name=category.name, unit=FLAG, words=category.words, parts=(category,), value=value)


def shares(source: Source, category: Term, levels: Sequence[str]) -> list[Term]:
    """The mean of every one-hot column of a category, the one for missing included."""
    return [
        named(f"{source.prefix}_{category.name}_{level}_MEAN", share(source, holds_level(category, level)), level)
        for level in (*levels, MISSING)
    ]


def statistics(
    source: Source, prefix: str, measure: Term, kinds: Iterable[str], *where: Filter, infinite: Filter | None = None
) -> list[Term]:
    """Statistics of a measure under the kernel's names.

    Args:
        source: of the rows.
        prefix: of the names: BURO, ACTIVE, ...
        measure: what is summarized.
        kinds: MIN, MAX, MEAN, SUM, VAR; SIZE counts rows.
        where: the rows.
        infinite: rows whose measure pandas calls infinite, and the grammar missing.
    """
    terms = []
    for kind in kinds:
        term: Term = count(source, *where) if kind == "SIZE" else aggregate(source, measure, kind, *where)
        if kind == "SUM":
            term = _or_zero(term, count(source, *where))
        if infinite is not None:
            term = _or_infinite(term, kind, count(source, *where, infinite))
        terms.append(named(f"{prefix}_{measure.name}_{kind}", term, kind))
    return terms


def _or_zero(total: Term, rows: Term) -> Term:
    """The sum of no value is zero where there are rows, as in pandas."""
    return Term(
        name=f"{total.name}_OR_ZERO",
        unit=total.unit,
        words=f"{total.words}, 0 without a value",
        parts=(total, rows),
        prefix=total.prefix,
        value=lambda table: ibis.ifelse(
            rows.number(table) > 0.0, ibis.coalesce(total.number(table), 0.0), ibis.null("float64")
        ),
    )


def _or_infinite(term: Term, kind: str, infinities: Term) -> Term:
    """What pandas makes of a column that holds infinities: not a variance, and a minimum only of them alone."""
    beyond = ibis.null("float64") if kind == "VAR" else ibis.literal(float("inf"))

    def value(table: ir.Table) -> ir.Value:
        some = cast("ir.BooleanValue", infinities.number(table) > 0.0)
        if kind == "MIN":
            some = some & term.number(table).isnull()
        return ibis.ifelse(some, beyond, term.number(table))

    return Term(
        name=f"{term.name}_OR_INFINITE",
        unit=term.unit,
        words=f"{term.words}, infinite ones included",
        parts=(term, infinities),
        prefix=term.prefix,
        value=value,
    )


def divided(name: str, first: Term, second: Term) -> Term:
    """The first by the second on the fine grid of ratios; missing where the second is zero."""
    return Term(
        name=name,
        unit=PERC,
        words=f"{first.words} divided by {second.words}",
        parts=(first, second),
        value=lambda table: first.number(table) / cast("ir.NumericValue", second.number(table).nullif(0.0)),
    )


def divided_by_zero(first: Term, second: Term) -> Filter:
    """Rows in which something is divided by zero, which pandas calls infinite."""
    return Filter(
        name=f"{first.name}_BY_ZERO",
        meaning=f"have {first.name} above zero and {second.name} of zero",
        term=Term(
            name=f"{first.name}_AND_{second.name}",
            unit=COUNT,
            words="both",
            parts=(first, second),
            value=second.value,
        ),
        holds=lambda table: cast("ir.BooleanValue", (second.number(table) == 0.0) & (first.number(table) > 0.0)),
    )


def days_over(name: str, later: Term, earlier: Term) -> Term:
    """Days from the one to the other where positive, else zero; zero as well where one is missing."""
    return Term(
        name=name,
        unit=later.unit,
        words=f"days from {earlier.words} to {later.words}",
        parts=(later, earlier),
        value=lambda table: ibis.greatest(ibis.coalesce(later.number(table) - earlier.number(table), 0.0), 0.0),
    )
