"""From specifications to tables: a row-wise projection, or one pass of conditional aggregates.

Here: how terms and summaries become Ibis tables, and which raw columns they read. Change this
when the shape of the plan should change; the features stay. Keep out: single features.
"""

from collections.abc import Iterable, Sequence

import ibis.expr.types as ir

from credit_risk.features.grammar import Source, Summary
from credit_risk.features.terms import Raw, Term, on_grid
from credit_risk.features.units import CATEGORY

CLIENT = "SK_ID_CURR"


def clean(table: ir.Table, specifications: Iterable[Term]) -> ir.Table:
    """The client's key and every raw column that the specifications read, cleaned."""
    read = {part.name: part for term in specifications for part in term.walk() if isinstance(part, Raw)}
    return table.select(CLIENT, **{name: part.cleaned(table) for name, part in read.items()})


def derive(table: ir.Table, specifications: Iterable[Term]) -> ir.Table:
    """One row a row of `table`: the client's key and every specification as a column."""
    return table.select(CLIENT, **{term.name: term.value(table) for term in specifications})


def summarize(table: ir.Table, source: Source, specifications: Sequence[Term]) -> ir.Table:
    """One row a client with rows in `table`: every specification, from one pass over the rows.

    Each column is cleaned, each measure and each filter becomes a column, once, however many
    features read it; one group-by computes every summary; last come the features composed of
    several.
    """
    parts = [part for term in specifications for part in term.walk()]
    summaries = {part.name: part for part in parts if isinstance(part, Summary)}
    filters = {item.flag: item for summary in summaries.values() for item in summary.filters}
    measures = {term.name: term for summary in summaries.values() for term in summary.measures}
    cleaned = clean(table, specifications)
    known = cleaned.filter(*(_not_after_application(date, cleaned) for date in source.dates))
    rows = known.select(
        CLIENT,
        **{flag: item.holds(known) for flag, item in filters.items()},
        **{name: _measured(term, known) for name, term in measures.items()},
    )
    reductions = {name: summary.reduction(rows) for name, summary in summaries.items()}
    return derive(rows.group_by(CLIENT).aggregate(**reductions), specifications)


def input_columns(specifications: Iterable[Term], *, key: str = CLIENT) -> dict[str, str]:
    """The table's key and the raw columns that the specifications read, with their types."""
    read = {part.name: part for term in specifications for part in term.walk() if isinstance(part, Raw)}
    types = {name: "string" if part.unit == CATEGORY else "float64" for name, part in sorted(read.items())}
    return {key: "int64", **types}


def _measured(term: Term, table: ir.Table) -> ir.Value:
    return term.value(table) if term.unit == CATEGORY else on_grid(term, table)


def _not_after_application(date: Term, table: ir.Table) -> ir.BooleanValue:
    day = date.number(table)
    return (day <= 0.0) | day.isnull()
