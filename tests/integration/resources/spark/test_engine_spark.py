"""Spark on this machine, in this process: the values of DuckDB, and the manners of an engine."""

import re
import runpy
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from credit_risk.errors import SettingsError
from credit_risk.features.client import raw_inputs
from resources.engine_duckdb import DuckDBEngine
from resources.engine_spark import SparkEngine

pytest.importorskip("pyspark", reason="Spark is not installed: `make test` installs it, or pip's extra `spark`")

PROGRAM = runpy.run_path(str(Path(__file__).with_name("compute_features.py")))
ALL = PROGRAM["ALL"]


@pytest.fixture(scope="module")
def engine(lake):
    return SparkEngine(lake, Path(lake.root).parent / "scratch")


@pytest.fixture(scope="module")
def spark(engine):
    """The folder with the features that Spark makes."""
    PROGRAM["compute"](engine, "spark")
    return "spark"


@pytest.mark.parametrize("name", ALL)
def test_spark_gives_the_values_of_duckdb(differences, spark, name):
    assert differences(name, spark) == {}


@pytest.mark.parametrize("name", ALL)
def test_files_of_both_engines_have_the_same_columns_of_the_same_types(stored, spark, name):
    expected, found = (stored(folder, name).schema for folder in ("duckdb", spark))
    assert found.equals(expected)
    assert set(found.types) <= {pa.int64(), pa.float64(), pa.string()}


@pytest.mark.parametrize("name", ALL)
def test_rows_of_both_engines_are_in_the_same_order(stored, spark, name):
    expected, found = (stored(folder, name)["SK_ID_CURR"] for folder in ("duckdb", spark))
    assert found.equals(expected)
    assert found.to_pylist() == sorted(found.to_pylist())


def test_next_to_no_feature_is_missing_for_everybody(stored, spark):
    clients = stored(spark, "client_features")
    known = [name for name in clients.column_names if clients[name].null_count < len(clients)]
    # Else the engines would agree on nothing.
    assert len(known) >= 0.98 * len(clients.column_names)


def test_each_client_who_applied_is_there_and_nobody_else(stored, spark):
    train, test = (stored("raw", name)["SK_ID_CURR"].to_pylist() for name in ("application_train", "application_test"))
    assert stored(spark, "client_features")["SK_ID_CURR"].to_pylist() == sorted(train + test)


@pytest.mark.parametrize("name", raw_inputs())
def test_every_number_that_features_read_is_odd_in_every_way(stored, odd_numbers, name):
    raw = stored("raw", name).select(list(raw_inputs()[name]))
    numbers = [field.name for field in raw.schema if pa.types.is_floating(field.type)]
    absent = {column: odd_numbers - {str(value) for value in raw[column].to_pylist()} for column in numbers}
    assert {column: values for column, values in absent.items() if values} == {}


def test_an_exponent_in_a_csv_file_reaches_both_engines(stored, spark):
    for folder in ("duckdb", spark):
        scores = stored(folder, "application")["EXT_SOURCE_2"]
        assert pc.min(pc.filter(scores, pc.greater(scores, 1e-12))).as_py() == pytest.approx(8.173616518884397e-08)


def test_a_table_goes_through_spark_and_back(engine, stored):
    engine.lake.write_frame("amounts.parquet", pd.DataFrame({"SK_ID_CURR": [3, 1, 2], "AMT": [4.0, None, 2.0]}))
    doubled = engine.table("amounts.parquet").mutate(AMT=ibis._.AMT * 2).order_by(ibis.desc("SK_ID_CURR"))
    assert engine.write("doubled.parquet", doubled) == 3
    assert stored(".", "doubled").to_pydict() == {"SK_ID_CURR": [3, 2, 1], "AMT": [8.0, 4.0, None]}


def test_spark_reads_the_encodings_that_duckdb_writes(engine, tmp_path):
    # More different values than a dictionary holds: amounts get an encoding of their own.
    measured = ibis.memtable({"AMT": [i / 7 for i in range(5000)], "N": [i * 37 for i in range(5000)]})
    DuckDBEngine(engine.lake, tmp_path).write("measured.parquet", measured)
    assert engine.write("again.parquet", engine.table("measured.parquet")) == 5000
    assert engine.lake.read_frame("again.parquet").equals(engine.lake.read_frame("measured.parquet"))


def test_a_table_without_rows_keeps_its_columns(engine, stored):
    nobody = engine.table("raw/bureau.parquet").filter(ibis._.SK_ID_CURR == -1).select("SK_ID_CURR", "DAYS_CREDIT")
    assert engine.write("nobody.parquet", nobody) == 0
    assert stored(".", "nobody").schema.names == ["SK_ID_CURR", "DAYS_CREDIT"]


def test_a_failed_computation_leaves_the_old_table_and_nothing_else(engine, stored):
    engine.write("kept.parquet", ibis.memtable({"A": ["1"]}))
    # ANSI: Spark's older way would have written a NULL.
    with pytest.raises(Exception, match="CAST_INVALID_INPUT"):
        engine.write("kept.parquet", ibis.memtable({"A": ["no number"]}).mutate(A=ibis._.A.cast("int64")))
    assert stored(".", "kept")["A"].to_pylist() == ["1"]
    assert [path.name for path in engine.scratch.iterdir() if re.match(r"unfinished|.*\.parquet", path.name)] == []


def test_a_table_that_is_not_there_is_named_with_what_to_do(engine):
    with pytest.raises(FileNotFoundError, match=r"raw/absent\.parquet: materialize the asset"):
        engine.table("raw/absent.parquet")


def test_a_file_that_is_no_table_is_named(engine):
    engine.lake.write_bytes("broken.parquet", b"PAR1 and nothing else PAR1")
    with pytest.raises(SettingsError, match=r"broken\.parquet, which this machine can see and Spark cannot read"):
        engine.table("broken.parquet")


def test_a_folder_that_only_spark_can_see_is_named(engine):
    with pytest.raises(SettingsError, match=r"nothing in file://.*unfinished-1, where Spark has just written a table"):
        engine._parts("unfinished-1")
