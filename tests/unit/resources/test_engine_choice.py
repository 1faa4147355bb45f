import pytest

from credit_risk.errors import SettingsError
from resources.engine_choice import open_engine
from resources.engine_duckdb import DuckDBEngine
from resources.lake import Lake
from resources.settings import load_settings


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


@pytest.mark.usefixtures("no_settings")
def test_duckdb_is_the_engine_when_nothing_is_set(lake, tmp_path):
    engine = open_engine(load_settings({"CREDIT_HOME": str(tmp_path)}), lake)
    assert isinstance(engine, DuckDBEngine)
    assert engine.scratch == tmp_path / "scratch"


def test_an_unwritable_home_is_one_clear_error(lake):
    with pytest.raises(SettingsError, match="CREDIT_HOME=/dev/null/home, which cannot be written"):
        open_engine(load_settings({"CREDIT_HOME": "/dev/null/home"}), lake)


def test_spark_does_not_start_for_a_lake_that_it_cannot_read(tmp_path):
    settings = load_settings({"CREDIT_HOME": str(tmp_path), "CREDIT_ENGINE": "spark"})
    with pytest.raises(SettingsError, match=r"a lake at memory://.*expected a folder, s3://bucket/prefix"):
        open_engine(settings, Lake("memory://lake"))


def test_an_engine_that_does_not_exist_is_refused():
    with pytest.raises(SettingsError, match="CREDIT_ENGINE='flink'"):
        load_settings({"CREDIT_ENGINE": "flink"})
