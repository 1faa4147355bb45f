"""Where a table departs from what its schema says, as data: one `Violation` for each thing that is wrong.

Here: the shape of a finding, and holding a typed table against its Pandera schema. The checks are Pandera's,
evaluated by its Ibis backend; what is ours is that all of them are one aggregate query, so that a table of
27 million rows is read once and never leaves the engine, and that what the bounds of a column prove is not
asked at all. Keep out: findings about files (resources).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

# Enough to recognise a pattern, few enough to read in a log line.
EXAMPLES = 3
# A value is shown, not dumped: a broken quote can make one field of a whole file.
SHOWN_CHARACTERS = 40

_ROW = "__row__"


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong with a raw table or with its file.

    Attributes:
        table: name of the table.
        column: the column at fault; None when the file or the whole row is.
        check: name of the check that failed, the same in every release.
        n_rows: how many rows or lines are at fault; 0 when the file as a whole is.
        examples: a few of them, each with its row or line.
        found: what was met, in words.
        expected: what should have been there.
        remedy: what to do about it.
    """

    table: str
    column: str | None
    check: str
    n_rows: int
    examples: tuple[str, ...]
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"found {self.found}; expected {self.expected}; {self.remedy}"


@dataclass(frozen=True)
class Extent:
    """What is known of a column without reading it, for example from the statistics of its file.

    Attributes:
        rows: rows of the table.
        missing: how many of them have no value.
        low: no value is below; None when that is not known, for one because a value is NaN.
        high: no value is above; None as for `low`.
    """

    rows: int
    missing: int
    low: float | None = None
    high: float | None = None


def shown(value: object) -> str:
    """A value as an error message shows it: quoted when it is text, and never long."""
    text = str(value)
    text = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
    return repr(text) if isinstance(value, str) else text


def counted(n: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def schema_violations(table: ir.Table, schema: pa.DataFrameSchema) -> list[Violation]:
    """Everything in which a typed table departs from its schema.

    Args:
        table: the table, on any Ibis backend; nothing but counts and examples leaves it.
        schema: its schema; must have a name.

    Returns:
        Findings in the order of the columns, duplicate keys last. When columns are absent, unexpected,
        misplaced or of another type, these alone: no value could be judged.
    """
    misshapen = [*_columns_at_fault(table, schema), *_types_at_fault(table, schema)]
    return misshapen or [*_values_at_fault(table, schema), *_duplicates(table, schema)]


def conforms(table: ir.Table, schema: pa.DataFrameSchema, extents: Mapping[str, Extent]) -> bool:
    """Whether a typed table departs from its schema in nothing: the verdict of `schema_violations`, cheaper.

    Args:
        table: the table, on any Ibis backend.
        schema: its schema.
        extents: what is known by column; what they prove is not computed, what they leave open is.
    """
    if any(_columns_at_fault(table, schema)) or any(_types_at_fault(table, schema)):
        return False
    open_rules = [rule for rule in _rules(schema) if rule.column not in extents or not rule.holds(extents[rule.column])]
    return not any(_counts(table, open_rules)) and not any(_duplicates(table, schema))


def _columns_at_fault(table: ir.Table, schema: pa.DataFrameSchema) -> Iterator[Violation]:
    found, expected = list(table.columns), list(schema.columns)
    if found == expected:
        return
    parts = {
        "absent": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
    }
    listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in parts.items() if names)
    yield Violation(
        table=str(schema.name),
        column=None,
        check="columns",
        n_rows=0,
        examples=(*parts["absent"], *parts["unexpected"]),
        found=f"columns of {schema.name} {listed or 'in another order'}",
        expected=f"its {len(expected)} columns in their order",
        remedy="load the table from its CSV file again",
    )


def _types_at_fault(table: ir.Table, schema: pa.DataFrameSchema) -> Iterator[Violation]:
    types = table.schema()
    for name, column in schema.columns.items():
        if name not in types or str(types[name].copy(nullable=True)) == str(column.dtype):
            continue
        yield Violation(
            table=str(schema.name),
            column=name,
            check="column_type",
            n_rows=0,
            examples=(),
            found=f"{schema.name}.{name} stored as {types[name]}",
            expected=str(column.dtype),
            remedy="load the table from its CSV file again",
        )


@dataclass(frozen=True)
class _Rule:
    """A condition that every row of a column must meet; without a check: that there is a value."""

    column: str
    check: pa.Check | None

    @property
    def name(self) -> str:
        return "not_null" if self.check is None else str(self.check.name)

    @property
    def expected(self) -> str:
        return "a value in every row" if self.check is None else str(self.check.error)

    def broken(self, table: ir.Table) -> ir.BooleanColumn:
        """Whether a row breaks the rule, as a column of this table."""
        if self.check is None:
            return table[self.column].isnull()
        return ~self.check(table, self.column).check_output

    def holds(self, extent: Extent) -> bool:
        """Whether the extent of the column alone proves that no row breaks the rule."""
        if self.check is None:
            return not extent.missing
        # A missing value breaks no check.
        return extent.missing == extent.rows or _within(extent.low, extent.high, self.check)


def _rules(schema: pa.DataFrameSchema) -> Iterator[_Rule]:
    for name, column in schema.columns.items():
        if not column.nullable:
            yield _Rule(name, None)
        for check in column.checks:
            yield _Rule(name, check)


def _within(low: float | None, high: float | None, check: pa.Check) -> bool:
    """Whether a check passes for everything that can lie between two bounds."""
    if low is None or high is None:
        return False
    match check.name, check.statistics:
        case "finite", _:
            return math.isfinite(low) and math.isfinite(high)
        case "between", {"low": least, "high": most}:
            return (least is None or low >= least) and (most is None or high <= most)
        case "one_of", {"values": values} if isinstance(low, int) and isinstance(high, int):
            return high - low < len(values) and set(range(low, high + 1)) <= set(values)
    return False


def _counts(table: ir.Table, rules: Sequence[_Rule]) -> list[int]:
    """How many rows break each rule, in one scan."""
    if not rules:
        return []
    sums = table.aggregate([rule.broken(table).sum().name(str(i)) for i, rule in enumerate(rules)])
    # The sum over a table without rows is null.
    return [n or 0 for n in sums.to_pyarrow().to_pylist()[0].values()]


def _values_at_fault(table: ir.Table, schema: pa.DataFrameSchema) -> Iterator[Violation]:
    rules = list(_rules(schema))
    # Row numbers make the engine read in order, on one core: only examples are worth that.
    numbered = table.mutate((ibis.row_number() + 1).name(_ROW))
    for rule, n in zip(rules, _counts(table, rules), strict=True):
        if n:
            yield _value_violation(numbered, str(schema.name), rule, n)


def _value_violation(numbered: ir.Table, table_name: str, rule: _Rule, n: int) -> Violation:
    at_fault = numbered.filter(rule.broken(numbered)).order_by(_ROW).select(_ROW, rule.column).limit(EXAMPLES)
    rows = [tuple(row.values()) for row in at_fault.to_pyarrow().to_pylist()]
    examples = tuple(f"row {row:,}" + ("" if value is None else f": {shown(value)}") for row, value in rows)
    what = "without" if rule.check is None else "with an unexpected"
    return Violation(
        table=table_name,
        column=rule.column,
        check=rule.name,
        n_rows=n,
        examples=examples,
        found=f"{counted(n, 'row')} {what} {table_name}.{rule.column} ({', '.join(examples)})",
        expected=rule.expected,
        remedy="correct these rows in the CSV file, or fetch the file again",
    )


def _duplicates(table: ir.Table, schema: pa.DataFrameSchema) -> Iterator[Violation]:
    for name in _unique_columns(schema):
        keys = table.filter(table[name].notnull()).group_by(name).aggregate(n_rows=lambda rows: rows.count())
        repeated = keys.filter(keys.n_rows > 1)
        total = repeated.aggregate(keys=repeated.count(), rows=repeated.n_rows.sum()).to_pyarrow().to_pylist()[0]
        if not total["keys"]:
            continue
        first = repeated.order_by(name).limit(EXAMPLES).to_pyarrow().to_pylist()
        examples = tuple(f"{row[name]} in {row['n_rows']} rows" for row in first)
        yield Violation(
            table=str(schema.name),
            column=name,
            check="unique",
            n_rows=int(total["rows"]),
            examples=examples,
            found=f"{counted(total['keys'], 'value')} of {schema.name}.{name} "
            f"in more than one row ({', '.join(examples)})",
            expected=f"every {name} once",
            remedy="remove the repeated rows, or fetch the file again",
        )


def _unique_columns(schema: pa.DataFrameSchema) -> Sequence[str]:
    return [] if schema.unique is None else [str(name) for name in schema.unique]
