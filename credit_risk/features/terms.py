"""Terms: a number or a category of one row, with its name, unit and words.

Here: columns, and what can be computed within a row. Each term renders itself to an Ibis
expression that DuckDB and Spark evaluate alike: a missing value is NULL, a division by zero is
NULL, and so is a number too large to be real, infinite, or not a number. Only a raw column, a
ratio and a product can bring one in: these are bounded, and everything else stays finite. Add a
term when a feature needs a computation that these do not compose to. Keep out: anything over
several rows (`grammar`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import ibis
import ibis.expr.types as ir

from credit_risk.features.units import CATEGORY, RATIO, Unit

# A number of more steps of its unit (a trillion in currency, a billion as a ratio) is no fact of
# credit: it is missing. Infinities and NaN (greater than every number in both engines) fail the
# same comparison.
MOST_STEPS = 1e15
NO_FRACTION = 1.5 * 2**52


@dataclass(frozen=True, kw_only=True)
class Term:
    """A number or a category of one row.

    Attributes:
        name: of the column, [A-Z0-9_]+.
        unit: what it counts; CATEGORY for text.
        words: the term in a sentence.
        parts: the terms that it is computed from; none for a raw column.
        prefix: of the history that it summarizes; empty for a number of one row.
        definition: what the name stands for, where it is not composed of others.
        levels: those of its category that it tells apart; a level outside of them is missing.
        value: the term over a table that holds its raw columns, cleaned; numbers as 64-bit floats.
    """

    name: str
    unit: Unit
    words: str
    parts: tuple["Term", ...] = ()
    prefix: str = ""
    definition: str = ""
    levels: tuple[str, ...] = ()
    # Not compared: two terms of the same name and parts are the same; what a version of the code
    # makes of them is compared as SQL (`version`).
    value: Callable[[ir.Table], ir.Value] = field(repr=False, compare=False)

    def number(self, table: ir.Table) -> ir.NumericValue:
        """The value of a term that can be calculated with."""
        return cast("ir.NumericValue", self.value(table))

    def walk(self) -> Iterator["Term"]:
        """The term and everything that it is computed from."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, kw_only=True)
class Raw(Term):
    """A column of a source table.

    Attributes:
        sentinel: a number that stands for missing.
        fact: the day of something that happened, which lies before the application.
    """

    sentinel: int | None = None
    fact: bool = False

    def cleaned(self, table: ir.Table) -> ir.Value:
        """The column of the source as terms read it: a finite 64-bit float or text, else NULL."""
        if self.unit == CATEGORY:
            return table[self.name].cast("string")
        number = cast("ir.NumericValue", table[self.name].cast("float64"))
        if self.sentinel is not None:
            number = cast("ir.NumericValue", number.nullif(float(self.sentinel)))
        if self.fact:
            number = cast("ir.NumericValue", ibis.ifelse(number <= 0.0, number, ibis.null("float64")))
        return bounded(number, self.unit)


def bounded(value: ir.NumericValue, unit: Unit) -> ir.NumericValue:
    """The number, or NULL when infinite, not a number, or beyond `MOST_STEPS` of the unit."""
    limit = MOST_STEPS / unit.steps
    return cast("ir.NumericValue", ibis.ifelse(value.between(-limit, limit), value, ibis.null("float64")))


def whole(number: ir.NumericValue) -> ir.NumericValue:
    """The nearest whole number, halves to the even one; below 2**51 in size.

    Nothing below one fits beside 1.5 x 2**52 in a 64-bit float: IEEE 754 rounds it off, in every engine alike and
    faster than their own functions, which differ on halves.
    """
    return number + NO_FRACTION - NO_FRACTION


def on_grid(term: Term, table: ir.Table) -> ir.NumericValue:
    """The number in whole steps of its unit, as a 64-bit float: sums of these are exact below 2**53."""
    steps = term.number(table)
    return whole(steps * float(term.unit.steps) if term.unit.steps > 1 else steps)


def column(name: str, unit: Unit, meaning: str, *, sentinel: int | None = None, fact: bool = False) -> Raw:
    """A numeric column of a source table.

    Args:
        name: as in the file.
        unit: what it counts.
        meaning: the column in a few words.
        sentinel: a number that stands for missing.
        fact: the day of something that happened: a positive one lies after the application, was
            not known then, and is missing.
    """
    return Raw(
        name=name,
        unit=unit,
        words=f"{meaning} ({name})",
        value=lambda table: table[name],
        sentinel=sentinel,
        fact=fact,
    )


def category(name: str, meaning: str) -> Raw:
    """A text column of a source table; its own words for missing (XNA, XAP) stay levels."""
    return Raw(name=name, unit=CATEGORY, words=f"{meaning} ({name})", value=lambda table: table[name])


def coded(name: str, levels: Term, codes: dict[str, int], unit: Unit, meaning: str) -> Term:
    """A category read as a whole number; a level without a code is missing."""

    def value(table: ir.Table) -> ir.Value:
        level = levels.value(table)
        # Cast after, not before: engines read a literal with a point as a decimal number.
        whole_codes = ((level == text, ibis.literal(code, "int64")) for text, code in codes.items())
        return ibis.cases(*whole_codes).cast("float64")

    return Term(
        name=name,
        unit=unit,
        words=f"{meaning} ({name})",
        parts=(levels,),
        definition=f"{levels.words} as " + ", ".join(f"{code} for {text}" for text, code in codes.items()),
        levels=tuple(codes),
        value=value,
    )


def ratio(first: Term, second: Term) -> Term:
    """The first divided by the second; missing when the second is zero."""
    return Term(
        name=_pair_name(first, "TO", second),
        unit=RATIO,
        words=f"{first.words} divided by {second.words}",
        parts=(first, second),
        prefix=_common_prefix(first, second),
        value=lambda table: bounded(first.number(table) / _or_missing(second.number(table)), RATIO),
    )


def plus(first: Term, second: Term) -> Term:
    """Both together; one that is missing adds nothing, missing when both are."""

    def value(table: ir.Table) -> ir.Value:
        one, other = first.number(table), second.number(table)
        return ibis.coalesce(one + other, one, other)

    return Term(
        name=_pair_name(first, "PLUS", second),
        unit=first.unit,
        words=f"{first.words} and {second.words} together",
        parts=(first, second),
        prefix=_common_prefix(first, second),
        value=value,
    )


def difference(first: Term, second: Term) -> Term:
    """The first less the second."""
    return Term(
        name=_pair_name(first, "MINUS", second),
        unit=first.unit,
        words=f"{first.words} less {second.words}",
        parts=(first, second),
        prefix=_common_prefix(first, second),
        value=lambda table: first.number(table) - second.number(table),
    )


def product(first: Term, second: Term) -> Term:
    """The first times the second, in the unit of the first."""
    return Term(
        name=_pair_name(first, "TIMES", second),
        unit=first.unit,
        words=f"{first.words} times {second.words}",
        parts=(first, second),
        prefix=_common_prefix(first, second),
        value=lambda table: bounded(first.number(table) * second.number(table), first.unit),
    )


def positive(term: Term) -> Term:
    """A number where it is above zero, else zero; missing stays missing."""

    def value(table: ir.Table) -> ir.Value:
        # Not greatest(): it skips NULL, and a missing delay would become none.
        number = term.number(table)
        return (number + number.abs()) / 2.0

    return Term(
        name=f"{term.name}_POSITIVE",
        unit=term.unit,
        words=f"the positive part of {term.words}",
        parts=(term,),
        value=value,
    )


def named(name: str, term: Term, meaning: str) -> Term:
    """A term under a name of the field, where the composed one would be long."""
    return Term(
        name=name,
        unit=term.unit,
        words=f"{meaning} ({name})",
        parts=(term,),
        prefix=term.prefix,
        definition=term.words,
        value=term.value,
    )


def _common_prefix(first: Term, second: Term) -> str:
    return first.prefix if first.prefix == second.prefix else ""


def _pair_name(first: Term, word: str, second: Term) -> str:
    prefix = _common_prefix(first, second)
    return f"{first.name}_{word}_{second.name.removeprefix(f'{prefix}_' if prefix else '')}"


def _or_missing(divisor: ir.NumericValue) -> ir.NumericValue:
    return cast("ir.NumericValue", divisor.nullif(0.0))
