from pathlib import Path

import pytest

from cli.demo import ensure_portfolio
from credit_risk.errors import SettingsError
from credit_risk.tables.catalogue import TABLES
from resources.settings import Settings, load_settings


def reading(folder: Path) -> Settings:
    return load_settings({"CREDIT_RAW_DIR": str(folder)})


def test_an_empty_folder_gets_a_portfolio(tmp_path):
    ensure_portfolio(reading(tmp_path / "raw"), 200)
    assert {file.name for file in (tmp_path / "raw").glob("*.csv")} == {table.file_name for table in TABLES.values()}


def test_files_that_are_there_are_used_and_not_touched(tmp_path):
    for table in TABLES.values():
        (tmp_path / table.file_name).write_text(f"the user's {table.name}")
    ensure_portfolio(reading(tmp_path), 200)
    assert all((tmp_path / table.file_name).read_text().startswith("the user's") for table in TABLES.values())


def test_half_a_folder_is_refused_and_the_absent_files_are_named(tmp_path):
    (tmp_path / "bureau.csv").write_text("the user's")
    with pytest.raises(SettingsError, match=r"1 of 8 CSV files.*absent: POS_CASH_balance\.csv, application_test\.csv"):
        ensure_portfolio(reading(tmp_path), 200)
    assert (tmp_path / "bureau.csv").read_text() == "the user's"
