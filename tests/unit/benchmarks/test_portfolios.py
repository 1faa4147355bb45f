import pandas as pd
import pytest

from benchmarks.portfolios import raw_folder, read_once, share_of, write_share
from credit_risk.tables.catalogue import TABLES


def keys(folder, table, key="SK_ID_CURR"):
    return set(pd.read_csv(folder / TABLES[table].file_name, usecols=[key])[key])


def test_a_share_holds_the_whole_history_of_its_clients(csv_folder, tmp_path):
    write_share(csv_folder, 30, tmp_path / "share")
    chosen = keys(tmp_path / "share", "application_train")
    assert 0.15 < len(chosen) / len(keys(csv_folder, "application_train")) < 0.45
    for table in ("bureau", "previous_application", "installments_payments"):
        here, there = keys(tmp_path / "share", table), keys(csv_folder, table)
        assert here & keys(csv_folder, "application_train") == chosen & there


def test_the_months_of_a_credit_go_with_its_client(csv_folder, tmp_path):
    write_share(csv_folder, 30, tmp_path / "share")
    chosen = keys(tmp_path / "share", "bureau", "SK_ID_BUREAU")
    months = keys(tmp_path / "share", "bureau_balance", "SK_ID_BUREAU")
    assert months == chosen & keys(csv_folder, "bureau_balance", "SK_ID_BUREAU")


def test_all_clients_are_the_folder_itself(csv_folder, tmp_path):
    assert share_of(csv_folder, 100, tmp_path) == csv_folder


def test_a_share_is_made_once(csv_folder, tmp_path):
    first = share_of(csv_folder, 10, tmp_path)
    made = (first / "bureau.csv").stat().st_mtime_ns
    assert share_of(csv_folder, 10, tmp_path) == first
    assert (first / "bureau.csv").stat().st_mtime_ns == made


def test_files_that_a_given_folder_lacks_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"bureau\.csv.*expected the eight CSV files"):
        raw_folder(tmp_path, 0)


def test_a_made_up_portfolio_is_found_again(tmp_path, csv_folder):
    (tmp_path / "clients-300").symlink_to(csv_folder)
    assert raw_folder(None, 300, tmp_path) == tmp_path / "clients-300"


def test_reading_the_files_counts_their_bytes(csv_folder):
    assert read_once(csv_folder) == sum(file.stat().st_size for file in csv_folder.iterdir())
