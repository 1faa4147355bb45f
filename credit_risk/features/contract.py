"""The contract of a feature table: a Pandera schema generated from the specifications, and holding a table to it.

Here: what every feature table must be, and where one is not, as findings with rows by key. What the extents of
its columns prove is not asked of the engine; the rest is one query, and no row leaves the engine but examples.
Keep out: bounds of single features (`contract_limits`), what tells nothing (`contract_duplicates`), and missing
shares (`credit_risk.tables.missing`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import float_info

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from credit_risk.features.contract_limits import limits
from credit_risk.features.rendering import CLIENT
from credit_risk.features.terms import Term
from credit_risk.features.terms import whole as nearest
from credit_risk.features.units import CATEGORY
from credit_risk.tables.columns import key
from credit_risk.tables.finding import Finding, blocked
from credit_risk.tables.violations import EXAMPLES, Extent, conforms, counted, schema_violations, shown

RECOMPUTE = "correct the specification that computes it; the last accepted version stays in use"

# The table whose columns features take as they are.
APPLICATIONS = "application_train"


def feature_schema(name: str, specifications: Sequence[Term], *, copied: Collection[str] = ()) -> pa.DataFrameSchema:
    """The schema of a feature table: the client's key, then every specification, numbers as 64-bit floats.

    Strict: a column that no specification describes, TARGET above all, is a violation.

    Args:
        name: of the table.
        specifications: its features, in the order of its columns.
        copied: features of tables that hold to their own contracts: a number that is whole there is whole here.
    """
    columns = {CLIENT: key("the client")} | {term.name: _column(term, copied) for term in specifications}
    return pa.DataFrameSchema(columns, name=name, strict=True, ordered=True, unique=[CLIENT])


def contract_findings(
    table: ir.Table, schema: pa.DataFrameSchema, extents: Mapping[str, Extent], *, rows: int, clients: int | None = None
) -> list[Finding]:
    """Everything in which a feature table breaks its contract; each blocks, as a model would learn from it.

    Args:
        table: the table, on any Ibis backend.
        schema: its schema.
        extents: those of its columns, as far as they are known.
        rows: how many it has.
        clients: how many it must have; None: a source holds the clients with rows there.

    Returns:
        Findings on the number of rows, the key, and the columns in their order. When columns are absent,
        unexpected, misplaced or of another type, these alone: no value could be judged.
    """
    number = list(_rows(str(schema.name), rows, clients))
    if conforms(table, schema, extents):
        return number
    misshapen = schema_violations(table, _shape(schema))
    if misshapen:
        return [blocked(replace(violation, remedy=RECOMPUTE)) for violation in misshapen]
    keys = schema_violations(table.select(CLIENT), _keys(schema))
    return [
        *number,
        *(blocked(replace(violation, remedy=RECOMPUTE)) for violation in keys),
        *_values(table, schema),
    ]


def out_of_order(table: str) -> Finding:
    """A table that is not sorted by client: right, but a reader of one client would scan all of it."""
    return Finding(
        table=table,
        column=CLIENT,
        check="order",
        n_rows=0,
        examples=(),
        found=f"row groups of {table} whose clients overlap",
        expected=f"rows by ascending {CLIENT}",
        remedy="sort the table where it is joined",
        blocking=False,
    )


def within(low: float | None, high: float | None) -> pa.Check:
    """Every value that is present is a finite number between the bounds, both included; None leaves a side open.

    Infinity is what lies beyond the largest finite number, because Ibis makes FALSE of `isinf` on Spark. Pandera's
    own care for missing values is off, because `isnull` holds there for NaN.
    """
    text = "a finite number" if low is None and high is None else _range(low, high)
    least, most = -float_info.max if low is None else low, float_info.max if high is None else high
    return pa.Check(_within, name="between", error=text, ignore_na=False, low=least, high=most)


def whole() -> pa.Check:
    """Every value that is present is a whole number; whether it is finite is another check."""
    return pa.Check(_whole, name="whole", error="a whole number")


def _within(data: pa.IbisData, low: float, high: float) -> ir.BooleanColumn:
    column = data.table[data.key]
    # NaN is larger than every number; DuckDB still takes the word of a file whose writer left it out of its bounds.
    held: ir.BooleanColumn = ibis.coalesce(column.between(low, high) & ~column.isnan(), True)
    return held


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"a finite number, at most {high}"
    return f"a finite number, at least {low}" if high is None else f"{low} to {high}"


def _whole(data: pa.IbisData) -> ir.BooleanColumn:
    column = data.table[data.key]
    return column == nearest(column)


def _column(term: Term, copied: Collection[str]) -> pa.Column:
    if term.unit == CATEGORY:
        return pa.Column(str, nullable=True, description=term.words)
    bounds = limits(term, APPLICATIONS)
    checks = [within(bounds.low, bounds.high)]
    checks += [whole()] if bounds.whole and term.name not in copied else []
    return pa.Column(float, checks, nullable=True, description=term.words)


def _shape(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    """Names, order and types alone: no row is read for it."""
    columns = {name: pa.Column(column.dtype, nullable=True) for name, column in schema.columns.items()}
    return pa.DataFrameSchema(columns, name=schema.name)


def _keys(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({CLIENT: schema.columns[CLIENT]}, name=schema.name, unique=[CLIENT])


def _rows(table: str, rows: int, clients: int | None) -> Iterator[Finding]:
    if clients is None or rows == clients:
        return
    yield Finding(
        table=table,
        column=CLIENT,
        check="rows",
        n_rows=abs(rows - clients),
        examples=(),
        found=f"{counted(rows, 'row')} of {table} for {counted(clients, 'application')}",
        expected="one row an application",
        remedy="look for clients of application_test that application_train has too, and load the right files",
        blocking=True,
    )


@dataclass(frozen=True)
class _Rule:
    column: str
    check: pa.Check

    def broken(self, table: ir.Table) -> ir.BooleanColumn:
        return ~self.check(table, self.column).check_output


def _values(table: ir.Table, schema: pa.DataFrameSchema) -> Iterator[Finding]:
    rules = [_Rule(name, check) for name, column in schema.columns.items() for check in column.checks]
    if not rules:
        return
    counts = table.aggregate([rule.broken(table).sum().name(str(i)) for i, rule in enumerate(rules)])
    for rule, n in zip(rules, counts.to_pyarrow().to_pylist()[0].values(), strict=True):
        # The sum over a table without rows is null.
        if n:
            yield _broken(table, str(schema.name), rule, int(n))


def _broken(table: ir.Table, name: str, rule: _Rule, n: int) -> Finding:
    at_fault = table.filter(rule.broken(table)).order_by(CLIENT).select(CLIENT, rule.column).limit(EXAMPLES)
    rows = [tuple(row.values()) for row in at_fault.to_pyarrow().to_pylist()]
    # A value at fault is there: one that comes back as none was NaN in an engine that has no other word for it.
    examples = tuple(f"{CLIENT} {client}: {'nan' if value is None else shown(value)}" for client, value in rows)
    return Finding(
        table=name,
        column=rule.column,
        check=str(rule.check.name),
        n_rows=n,
        examples=examples,
        found=f"{counted(n, 'row')} with an unexpected {rule.column} ({', '.join(examples)})",
        expected=str(rule.check.error),
        remedy=RECOMPUTE,
        blocking=True,
    )
