"""The assets of the graph on Spark: the files, the names and the checks that DuckDB gives."""

import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from credit_risk.features.client import FEATURE_TABLES
from resources.feature_store import CLIENT_FEATURES, FeatureStore
from resources.lake import Lake
from simulation.portfolio import synthesize

pytest.importorskip("pyspark", reason="Spark is not installed: `make test` installs it, or pip's extra `spark`")

SCRIPT = Path(__file__).with_name("materialize_features.py")
TABLES = (*(table.name for table in FEATURE_TABLES), CLIENT_FEATURES)
ENGINES = ("duckdb", "spark")


@pytest.fixture(scope="module")
def platforms(tmp_path_factory, clean_environment):
    """By the name of its engine: the lake that a run filled, and the verdicts of its checks."""
    folder = tmp_path_factory.mktemp("graph")
    synthesize(150, 2, folder / "raw")
    return {engine: materialize(folder / engine, clean_environment, CREDIT_ENGINE=engine) for engine in ENGINES}


def materialize(home, environment, **settings):
    settings |= {"CREDIT_HOME": str(home), "CREDIT_RAW_DIR": str(home.parent / "raw")}
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, env=environment | settings, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return Lake(str(home / "lake")), orjson.loads(done.stdout)


@pytest.mark.slow
def test_versions_are_named_the_same(platforms):
    named = {
        engine: {table: FeatureStore(lake).newest(table).version for table in TABLES}
        for engine, (lake, _) in platforms.items()
    }
    assert named["spark"] == named["duckdb"]


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_files_of_a_version_hold_the_same(platforms, table):
    contents = []
    for lake, _ in platforms.values():
        store = FeatureStore(lake)
        contents.append(pq.read_table(lake.path(store.file(table, store.newest(table).version))))
    assert contents[0].equals(contents[1])


@pytest.mark.slow
def test_checks_come_to_the_same_verdicts(platforms):
    verdicts = {engine: checks for engine, (_, checks) in platforms.items()}
    assert verdicts["spark"] == verdicts["duckdb"]
    assert len(verdicts["spark"]) > len(TABLES)
