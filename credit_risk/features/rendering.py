"""From specifications to tables: a row-wise projection, or one pass of conditional aggregates.

Here: how terms and summaries become Ibis tables, and which raw columns they read. Change this
when the shape of the plan should change; the features stay. Keep out: single features.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import ibis.expr.types as ir

from credit_risk.features.grammar import Source, Summary
from credit_risk.features.terms import Raw, Term
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
    """One row a client with rows in `table`: every specification of the source and of sources that group its rows.

    Each column is cleaned, each reading becomes a column, once, however many features read it;
    one group-by computes every summary of a source; last come the features composed of several.
    """
    cleaned = clean(table, specifications)
    known = (
        cleaned.filter(*(_not_after_application(date, cleaned) for date in source.dates)) if source.dates else cleaned
    )
    summaries = _summaries(specifications)
    reduced = _reduce(known, [item for item in summaries if item.source == source], CLIENT)
    for other in dict.fromkeys(item.source for item in summaries if item.source != source):
        grouping = [item for item in summaries if item.source == other]
        reduced = reduced.left_join(_reduce_groups(known, other, grouping), CLIENT).drop(f"{CLIENT}_right")
    return derive(reduced, specifications)


def _reduce_groups(known: ir.Table, source: Source, summaries: Sequence[Summary]) -> ir.Table:
    """Rows of the finer source to groups, and groups to clients."""
    key = cast("Term", source.key)
    inner = _summaries(term for item in summaries for term in item.parts)
    groups = _reduce(known, inner, CLIENT, key.name)
    return _reduce(groups, summaries, CLIENT)


def _summaries(specifications: Iterable[Term]) -> list[Summary]:
    """The summaries that specifications are composed of, each once; not those within a summary's own rows."""
    found: dict[str, Summary] = {}
    for term in specifications:
        if isinstance(term, Summary):
            found.setdefault(term.name, term)
        else:
            found.update({item.name: item for item in _summaries(term.parts)})
    return list(found.values())


def _reduce(rows: ir.Table, summaries: Sequence[Summary], *by: str) -> ir.Table:
    """One row a value of `by`, with the summaries as columns."""
    filters = {item.flag: item for summary in summaries for item in summary.filters}
    readings = {reading.name: reading for summary in summaries for reading in summary.readings}
    stems = {reading.stem: reading for reading in readings.values()}
    # Each stem and each flag is computed once, and masked after that: two projections.
    whole = rows.select(
        *by,
        **{flag: item.holds(rows) for flag, item in filters.items()},
        **{stem: reading.value(rows) for stem, reading in stems.items() if stem not in by},
    )
    read = whole.select(
        *by, **{name: reading.where_held(whole) for name, reading in readings.items() if name not in by}
    )
    return read.group_by(by).aggregate(**{summary.name: summary.reduction(read) for summary in summaries})


def input_columns(specifications: Iterable[Term], *, key: str = CLIENT) -> dict[str, str]:
    """The table's key and the raw columns that the specifications read, with their types."""
    read = {part.name: part for term in specifications for part in term.walk() if isinstance(part, Raw)}
    types = {name: "string" if part.unit == CATEGORY else "float64" for name, part in sorted(read.items())}
    return {key: "int64", **types}


def _not_after_application(date: Term, table: ir.Table) -> ir.BooleanValue:
    day = date.number(table)
    return (day <= 0.0) | day.isnull()
