import math

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.features import application
from credit_risk.features.client import FEATURE_TABLES, across_sources
from credit_risk.features.form import compile_form
from credit_risk.features.row_program import compile_row
from credit_risk.features.units import CATEGORY

ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}
FORM = {name: kind for name, kind in application.INPUTS["application_train"].items() if name != "SK_ID_CURR"}

# Each of these is special to some operation: zero and its sign, the sentinel, limits of what is real, tiny scores.
NUMBERS = st.sampled_from(
    [None, 0.0, -0.0, 1.0, -1.0, 365243.0, 1e9, 1.0000001e9, 1e12, -1e15, 1.1e15, 1e300, 5e-324, 8.17e-08, 0.1]
) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from([None, "XNA", "F", "", "Строка"])


class OneRow:
    """A table of one row in an engine, and a projection of it by both ways."""

    def __init__(self, columns, project):
        self.columns, self.engine = columns, ibis.duckdb.connect()
        table = self.engine.create_table("one", schema={"SK_ID_CURR": "int64", **columns})
        projection = project(table)
        self.names = [name for name in projection.columns if name != "SK_ID_CURR"]
        self.program = compile_row(project(ibis.table(table.schema(), name="one")), self.names)
        self.engine.con.execute("set disabled_optimizers = 'statistics_propagation'")
        self.engine.con.execute(f"prepare projection as {self.engine.compile(projection.select(self.names))}")

    def by_engine(self, row):
        schema = pa.schema([("SK_ID_CURR", pa.int64()), *((name, ARROW[kind]) for name, kind in self.columns.items())])
        self.engine.con.register("loaded", pa.Table.from_pylist([{"SK_ID_CURR": 1, **row}], schema=schema))
        self.engine.con.execute("delete from one; insert into one select * from loaded")
        (computed,) = self.engine.con.execute("execute projection").to_arrow_table().to_pylist()
        return bits(computed)

    def by_program(self, row):
        return bits(self.program.run(row))


def bits(row):
    """Numbers as text that tells every two of them apart."""
    return {name: value.hex() if isinstance(value, float) else value for name, value in row.items()}


@pytest.fixture(scope="module")
def forms():
    return OneRow(FORM, application.features_of)


@pytest.fixture(scope="module")
def joined():
    read = compile_form().history
    histories = [term for table in FEATURE_TABLES[1:] for term in table.specifications if term.name in read]
    numbers = [term for term in (*application.SPECIFICATIONS, *histories) if term.unit != CATEGORY]
    columns = {term.name: "float64" for term in numbers}
    return OneRow(columns, lambda table: table.select(**across_sources(table)))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_features_of_a_form_have_the_bits_that_the_engine_gives(forms, data):
    row = {name: data.draw(TEXTS if kind == "string" else NUMBERS, name) for name, kind in FORM.items()}
    assert forms.by_program(row) == forms.by_engine(row)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_features_across_sources_have_the_bits_that_the_engine_gives(joined, data):
    row = {name: data.draw(NUMBERS, name) for name in joined.program.inputs}
    assert joined.by_program(row) == joined.by_engine(row)


def test_a_form_with_nothing_in_it_has_the_missing_values_that_the_engine_gives(forms):
    assert forms.by_program({}) == forms.by_engine({})


def test_only_the_columns_asked_for_are_computed_and_read():
    table = ibis.table({"A": "float64", "B": "float64"}, name="t")
    program = compile_row(table.select(SUM=table["A"] + 1.0, OTHER=table["B"]), ["SUM"])
    assert program.inputs == ("A",)
    assert program.run({"A": 2.0}) == {"SUM": 3.0}


def test_a_number_too_large_to_be_real_becomes_missing_not_an_error():
    amount = ibis.table({"A": "float64"}, name="t")
    product = amount["A"] * amount["A"]
    bounded = ibis.ifelse(product.between(-1e15, 1e15), product, ibis.null("float64"))
    assert compile_row(amount.select(X=bounded), ["X"]).run({"A": 1e300}) == {"X": None}
    assert math.isinf(compile_row(amount.select(X=product), ["X"]).run({"A": 1e300})["X"])


def test_operations_without_a_rule_are_all_named():
    table = ibis.table({"A": "float64", "T": "string"}, name="t")
    with pytest.raises(TypeError, match=r"found operations Floor, Lowercase in a row.*add a rule to FUNCTIONS"):
        compile_row(table.select(F=table["A"].floor(), L=table["T"].lower()), ["F", "L"])


def test_text_is_not_read_as_a_number():
    table = ibis.table({"A": "float64"}, name="t")
    with pytest.raises(TypeError, match="found operations Cast"):
        compile_row(table.select(X=table["A"].cast("string")), ["X"])
