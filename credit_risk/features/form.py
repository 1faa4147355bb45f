"""Features of one application form, as the service gets it: by the specifications of the feature tables.

Here: which fields a form has, what may stand in them, and the features of one form beside what the histories say of
its client. A field is a column of application_train under its own name; one that is left out, null or an
empty text is missing, as an empty field of the file is. Add nothing for a new feature: it is compiled from its
specification. Keep out: many rows (`application.features_of` and `client` over an engine), and where histories are.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandera.ibis as pa

from credit_risk.features import application
from credit_risk.features.client import FEATURE_TABLES, across_sources
from credit_risk.features.rendering import CLIENT
from credit_risk.features.row_program import RowProgram, Value, compile_row
from credit_risk.features.terms import Term
from credit_risk.features.units import CATEGORY
from credit_risk.offenders import offender, refusal
from credit_risk.tables.application import APPLICATION_TRAIN

TARGET = "TARGET"

# What a column of whole numbers holds.
WHOLE_BITS = 63

FIELDS: dict[str, pa.Column] = {
    name: column for name, column in APPLICATION_TRAIN.schema.columns.items() if name not in (CLIENT, TARGET)
}
"""The fields of a form, with the types and limits of the raw table."""

_PLACED_ELSEWHERE = {
    CLIENT: "expected beside the form, not in it",
    TARGET: "not accepted: the outcome is not known when an application is scored",
}


@dataclass(frozen=True)
class FormProgram:
    """What computes the features of a form; made once by `compile_form`.

    Attributes:
        names: the features that a form has: those of the application, and those across sources.
        reads: what each of those across sources reads of the features of histories.
    """

    names: tuple[str, ...]
    reads: Mapping[str, frozenset[str]]
    _application: RowProgram
    _across: RowProgram

    @property
    def history(self) -> frozenset[str]:
        """The features of histories that its features read."""
        return frozenset[str]().union(*self.reads.values())

    def features(self, fields: Mapping[str, Value], history: Mapping[str, Value]) -> dict[str, Value]:
        """Features by name; missing is None.

        Args:
            fields: what `read_form` gave.
            history: the client's features of histories by name; left out or None is missing, and a
                client without any has none.
        """
        single = self._application.run(fields)
        return single | self._across.run({**history, **single})


def compile_form() -> FormProgram:
    """Compile the specifications for one row; takes a fraction of a second.

    Raises:
        TypeError: a specification uses an operation that has no rule for one row.
    """
    forms = ibis.table(application.INPUTS[APPLICATION_TRAIN.name], name="forms")
    single = [term.name for term in application.SPECIFICATIONS]
    histories = [term for table in FEATURE_TABLES[1:] for term in table.specifications]
    joined = ibis.table(_types([*application.SPECIFICATIONS, *histories]), name="joined")
    across = across_sources(joined)
    return FormProgram(
        names=(*single, *across),
        reads={name: _fields_of(value) - frozenset(single) for name, value in across.items()},
        _application=compile_row(application.features_of(forms), single),
        _across=compile_row(joined.select(**across), list(across)),
    )


def read_form(form: Mapping[str, object]) -> dict[str, Value]:
    """The fields of a form as features read them: numbers as 64-bit floats, text, None for missing.

    Raises:
        ApplicationError: unknown fields, wrong types, values that the raw table would refuse;
            `fields["offenders"]` lists every one as {"feature", "problem"}. Values are never
            repeated: they are personal data.
    """
    fields: dict[str, Value] = {}
    offenders = []
    for name, value in form.items():
        problem = _PLACED_ELSEWHERE.get(name) if name in _PLACED_ELSEWHERE else _problem(name, value)
        if problem is not None:
            offenders.append(offender(name, problem))
        elif value is not None and value != "":
            fields[name] = value if isinstance(value, str) else float(value)  # type: ignore[arg-type]  # checked above
    if offenders:
        raise refusal(
            offenders,
            what="form field",
            expected=f"columns of {APPLICATION_TRAIN.name} but {CLIENT} and {TARGET}, with the values of its schema",
            remedy="correct or leave out the fields named",
        )
    return fields


def _problem(name: str, value: object) -> str | None:
    """What is wrong with a field, or None."""
    column = FIELDS.get(name)
    if column is None:
        return "unknown field"
    # A misspelt name is an offence even when it is null; a known one is missing then.
    if value is None or value == "":
        return None
    return _problem_of_type(str(column.dtype), value) or _problem_of_limits(column, value)


def _problem_of_type(kind: str, value: object) -> str | None:
    if kind == "string":
        return _problem_of_text(value)
    # A bool is an int to Python, not to a client.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "expected a number"
    if kind == "int64":
        is_whole = isinstance(value, int) or value.is_integer()
        return None if is_whole and abs(value) < 2**WHOLE_BITS else "expected a whole number of at most 64 bits"
    try:
        is_finite = math.isfinite(float(value))
    except OverflowError:
        is_finite = False
    return None if is_finite else "expected a finite number, found NaN or infinity"


def _problem_of_text(value: object) -> str | None:
    if not isinstance(value, str):
        return "expected text"
    # JSON may carry U+0000, PostgreSQL's text may not.
    return "expected text without the character U+0000" if "\x00" in value else None


def _problem_of_limits(column: pa.Column, value: Any) -> str | None:  # noqa: ANN401
    """What the checks of the raw table say of one value; they render to SQL there."""
    for check in column.checks:
        limits = check.statistics
        listed, low, high = limits.get("values"), limits.get("low"), limits.get("high")
        held = (listed is None or value in listed) and (low is None or value >= low) and (high is None or value <= high)
        if not held:
            return f"expected {check.error}"
    return None


def _fields_of(value: ir.Value) -> frozenset[str]:
    return frozenset(field.name for field in value.op().find(ops.Field))


def _types(terms: list[Term]) -> dict[str, str]:
    return {term.name: "string" if term.unit == CATEGORY else "float64" for term in terms}
