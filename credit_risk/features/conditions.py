"""Filters: named conditions on the rows of a history.

Here: what a row may be asked. Add one when a filter needs a question that these do not express.
A condition on a missing value does not hold. Keep out: the filters themselves (each stands with
its source).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import ibis.expr.types as ir

from credit_risk.features.terms import Term


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A condition under the name that it has in features.

    Attributes:
        name: [A-Z0-9_]+.
        meaning: completes "rows that ...".
        term: what it looks at.
        levels: those of a category that it names.
        holds: whether it holds, a row; NULL where the term is missing.
    """

    name: str
    meaning: str
    term: Term
    levels: tuple[str, ...] = ()
    holds: Callable[[ir.Table], ir.BooleanValue] = field(repr=False, compare=False)

    @property
    def flag(self) -> str:
        """Its column while a history is summarized."""
        return f"is_{self.name}"


def one_of(name: str, category: Term, levels: tuple[str, ...], meaning: str) -> Filter:
    """The category is one of these levels."""
    return Filter(
        name=name,
        meaning=meaning,
        term=category,
        levels=levels,
        holds=lambda table: category.value(table).isin(levels),
    )


def at_least(name: str, term: Term, limit: float, meaning: str) -> Filter:
    """The number is this or more."""
    return Filter(
        name=name,
        meaning=meaning,
        term=term,
        holds=lambda table: cast("ir.BooleanValue", term.number(table) >= float(limit)),
    )


def above(name: str, term: Term, limit: float, meaning: str) -> Filter:
    """The number is more than this."""
    return Filter(
        name=name,
        meaning=meaning,
        term=term,
        holds=lambda table: cast("ir.BooleanValue", term.number(table) > float(limit)),
    )


def at_most(name: str, term: Term, limit: float, meaning: str) -> Filter:
    """The number is this or less."""
    return Filter(
        name=name,
        meaning=meaning,
        term=term,
        holds=lambda table: cast("ir.BooleanValue", term.number(table) <= float(limit)),
    )


def last_months(months: Term, count: int) -> Filter:
    """Rows of the last months before the application: -1 is the last whole one, 0 the current."""
    return at_least(f"LAST{count}M", months, -count, f"lie in the last {count} months")


def last_days(days: Term, count: int) -> Filter:
    """Rows dated within these days before the application."""
    return at_least(f"LAST{count}D", days, -count, f"lie in the last {count} days")
