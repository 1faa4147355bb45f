import uuid

import duckdb
import ibis
import pytest

from resources.engine_duckdb import MEMORY_SHARE, DuckDBEngine
from resources.lake import Lake


@pytest.fixture(params=["folder", "object store"])
def lake(request, tmp_path):
    # What is legal in a folder's name, and something else to SQL, to a pattern and to a partitioned table.
    return Lake(str(tmp_path / "lake's [1] a=b") if request.param == "folder" else f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def engine(lake, tmp_path):
    return DuckDBEngine(lake, tmp_path / "scratch's")


def test_a_table_goes_through_the_engine_and_back(engine):
    written = ibis.memtable({"SK_ID_CURR": [1, 2, 3], "AMT": [1.0, 2.0, 4.0]})
    assert engine.write("raw/amounts.parquet", written) == 3
    doubled = engine.table("raw/amounts.parquet").mutate(AMT=ibis._.AMT * 2)
    assert engine.write("features/amounts.parquet", doubled) == 3
    assert engine.lake.read_frame("features/amounts.parquet")["AMT"].tolist() == [2.0, 4.0, 8.0]


def test_nothing_is_left_in_the_scratch_space(engine):
    engine.write("a.parquet", ibis.memtable({"A": [1]}))
    assert list(engine.scratch.iterdir()) == []


def test_a_table_that_is_not_there_is_named_with_what_to_do(engine):
    with pytest.raises(FileNotFoundError, match=r"raw/absent\.parquet: materialize the asset"):
        engine.table("raw/absent.parquet")


def test_a_failed_computation_leaves_the_old_table(engine):
    engine.write("a.parquet", ibis.memtable({"A": ["1"]}))
    with pytest.raises(Exception, match="Conversion Error"):
        engine.write("a.parquet", ibis.memtable({"A": ["no number"]}).mutate(A=ibis._.A.cast("int64")))
    assert engine.lake.read_frame("a.parquet")["A"].tolist() == ["1"]
    assert list(engine.scratch.iterdir()) == []


def test_two_engines_spill_into_different_folders(lake, tmp_path):
    engines = [DuckDBEngine(lake, tmp_path) for _ in range(2)]
    query = "SELECT current_setting('temp_directory')"
    assert len({engine.backend.con.execute(query).fetchone() for engine in engines}) == 2


def test_an_engine_takes_a_part_of_the_memory_that_duckdb_would(engine):
    def limit(connection):
        amount, unit = connection.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
        return float(amount) * {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}[unit]

    assert limit(engine.backend.con) == pytest.approx(MEMORY_SHARE * limit(duckdb.connect()), rel=0.05)
