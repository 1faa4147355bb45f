"""An Ibis projection for one row, in plain Python: the values that DuckDB gives, without an engine.

Here: what each operation of a row-wise expression does to Python numbers. Planning a query of hundreds of columns
takes an engine a hundred times longer than computing its one row. Add an operation when a feature of the
application form uses it; until then compiling it fails. Keep out: anything over several rows, and the features.

Missing is None. Numbers are 64-bit floats under IEEE 754, as in the engines, so that results have the same bits.
"""

import math
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

Value = float | str | None
Function = Callable[..., Any]


def _missing_if_any(compute: Function) -> Function:
    """As SQL: an operation on something missing is missing."""

    def strict(*values: Any) -> Any:  # noqa: ANN401
        return None if None in values else compute(*values)

    return strict


def _present(values: Sequence[Value]) -> list[Value]:
    return [value for value in values if value is not None]


# Divisors pass `nullif(0)` before (`terms.ratio`): where an engine would say infinity, Python would raise.
FUNCTIONS: Mapping[type[ops.Node], Function] = {
    ops.Add: _missing_if_any(operator.add),
    ops.Subtract: _missing_if_any(operator.sub),
    ops.Multiply: _missing_if_any(operator.mul),
    ops.Divide: _missing_if_any(operator.truediv),
    ops.Sqrt: _missing_if_any(math.sqrt),
    # What is not a number lies between nothing, here as in the engines.
    ops.Between: _missing_if_any(lambda value, low, high: low <= value <= high),
    ops.NotNull: lambda value: value is not None,
    ops.NullIf: lambda value, other: None if value == other else value,
    # A condition that is missing does not hold.
    ops.IfElse: lambda condition, then, otherwise: then if condition else otherwise,
    ops.Coalesce: lambda *values: next(iter(_present(values)), None),
    ops.Greatest: lambda *values: max(_present(values), default=None),  # type: ignore[type-var]
    ops.Least: lambda *values: min(_present(values), default=None),  # type: ignore[type-var]
    ops.Cast: _missing_if_any(float),
}


@dataclass(frozen=True)
class _Step:
    """One operation: the results of these steps, by their numbers, go into the function."""

    function: Function
    arguments: tuple[int, ...]


@dataclass(frozen=True)
class RowProgram:
    """Compiled columns of a projection; made by `compile_row`.

    Attributes:
        columns: the names that it computes.
        inputs: the columns of the unbound table that it reads.
    """

    columns: tuple[str, ...]
    inputs: tuple[str, ...]
    _constants: tuple[Value, ...]
    _steps: tuple[_Step, ...]
    _results: tuple[int, ...]

    def run(self, row: Mapping[str, Value]) -> dict[str, Value]:
        """The columns for one row; an input that the row does not hold is missing."""
        values: list[Any] = [row.get(name) for name in self.inputs]
        values += self._constants
        for step in self._steps:
            values.append(step.function(*[values[argument] for argument in step.arguments]))
        return {name: values[result] for name, result in zip(self.columns, self._results, strict=True)}


def compile_row(table: ir.Table, columns: Collection[str]) -> RowProgram:
    """Compile columns of a table that is a projection of an unbound one, or a projection of such a projection.

    Args:
        table: the expression; numbers are 64-bit floats.
        columns: those of its columns that are wanted.

    Raises:
        TypeError: names every operation that has no rule here.
    """
    compiler = _Compiler()
    wanted = [compiler.followed(table.op(), name) for name in columns]
    for node in wanted:
        compiler.visit(node)
    if compiler.unknown:
        raise TypeError(
            f"found operations {', '.join(sorted(compiler.unknown))} in a row of features; expected some of "
            f"{', '.join(sorted(kind.__name__ for kind in FUNCTIONS))}; add a rule to FUNCTIONS"
        )
    return compiler.program(columns, wanted)


class _Compiler:
    """Numbers each distinct operation once, operands first."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self._inputs: dict[ops.Node, None] = {}
        self._constants: dict[ops.Node, Value] = {}
        self._steps: dict[ops.Node, tuple[Function, tuple[ops.Node, ...]]] = {}

    def followed(self, relation: ops.Node, name: str) -> ops.Node:
        """What a column of a relation is: a value, or a field of an unbound table."""
        if isinstance(relation, ops.Project):
            return self._resolved(relation.values[name])
        return ops.Field(relation, name)

    def visit(self, node: ops.Node) -> None:
        """Number an operation after its operands."""
        if node in self._inputs or node in self._constants or node in self._steps:
            return
        if isinstance(node, ops.Field):
            self._inputs[node] = None
        elif isinstance(node, ops.Literal):
            self._constants[node] = None if node.value is None else float(node.value)
        else:
            self._visit_operation(node)

    def program(self, columns: Collection[str], wanted: Sequence[ops.Node]) -> RowProgram:
        """What was visited, with numbers in the place of operations."""
        order = [*self._inputs, *self._constants, *self._steps]
        number = {node: position for position, node in enumerate(order)}
        return RowProgram(
            columns=tuple(columns),
            inputs=tuple(node.name for node in self._inputs),
            _constants=tuple(self._constants.values()),
            _steps=tuple(
                _Step(function, tuple(number[operand] for operand in operands))
                for function, operands in self._steps.values()
            ),
            _results=tuple(number[node] for node in wanted),
        )

    def _visit_operation(self, node: ops.Node) -> None:
        function = FUNCTIONS.get(type(node))
        if function is None or (isinstance(node, ops.Cast) and not node.to.is_floating()):
            self.unknown.add(type(node).__name__)
            return
        operands = tuple(self._resolved(operand) for operand in _operands(node))
        for operand in operands:
            self.visit(operand)
        self._steps[node] = (function, operands)

    def _resolved(self, node: ops.Node) -> ops.Node:
        return self.followed(node.rel, node.name) if isinstance(node, ops.Field) else node


def _operands(node: ops.Node) -> list[ops.Node]:
    """The operands of an operation in the order of its arguments."""
    operands: list[ops.Node] = []
    for argument in node.args:
        if isinstance(argument, tuple):
            operands += argument
        elif isinstance(argument, ops.Node):
            operands.append(argument)
    return operands
