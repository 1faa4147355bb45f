"""The files, value by value."""

import numpy as np
import pytest

from simulation.columns import Labels
from simulation.kaggle_csv import CsvFolder, arrow_column, new_files


def balance(**columns):
    """One row of bureau_balance, any column replaced."""
    row = {
        "SK_ID_BUREAU": np.array([5_000_001]),
        "MONTHS_BALANCE": np.array([-1]),
        "STATUS": Labels.constant("0", 1),
    }
    return row | columns


def test_floats_are_written_as_the_real_files_have_them(tmp_path, profile):
    folder = CsvFolder(tmp_path, profile)
    n = len(values := [406597.5, 1.0, 0.0830369673913225, 8.173616518884397e-08, -0.0, np.nan])
    numbers = {name: np.zeros(n, dtype=np.int64) for name in profile["installments_payments"].header}
    folder.append("installments_payments", numbers | {"AMT_PAYMENT": np.array(values)})
    folder.close()
    lines = (tmp_path / "installments_payments.csv").read_text(encoding="utf-8").splitlines()[1:]
    written = [line.rpartition(",")[2] for line in lines]
    assert written == ["406597.5", "1.0", "0.0830369673913225", "8.173616518884397e-08", "0.0", ""]


def test_rows_are_appended_below_one_header(tmp_path, profile):
    folder = CsvFolder(tmp_path, profile)
    folder.append("bureau_balance", balance())
    folder.append("bureau_balance", balance(STATUS=Labels.constant("C", 1)))
    folder.close()
    content = (tmp_path / "bureau_balance.csv").read_text(encoding="utf-8")
    assert content == "SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n5000001,-1,0\n5000001,-1,C\n"
    assert folder.rows["bureau_balance"] == 2


def test_missing_text_is_an_empty_field(tmp_path, profile):
    folder = CsvFolder(tmp_path, profile)
    folder.append("bureau_balance", balance(STATUS=Labels.constant("C", 1).missing_where(np.array([True]))))
    folder.close()
    assert (tmp_path / "bureau_balance.csv").read_text(encoding="utf-8").endswith("5000001,-1,\n")


def test_columns_that_are_not_the_tables_are_named(tmp_path, profile):
    folder = CsvFolder(tmp_path, profile)
    with pytest.raises(ValueError, match=r"differ from bureau_balance in \['DPD'\]"):
        folder.append("bureau_balance", balance(DPD=np.array([1])))
    folder.close()


def test_a_whole_number_must_arrive_as_one(profile):
    with pytest.raises(TypeError, match="found float64 in DAYS_CREDIT; expected whole numbers"):
        arrow_column(np.array([1.0]), profile["bureau"]["DAYS_CREDIT"])


def test_files_appear_only_when_all_are_written(tmp_path, profile):
    def fail_half_way() -> None:
        with new_files(tmp_path, profile, overwrite=False) as folder:
            folder.append("bureau_balance", balance())
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
