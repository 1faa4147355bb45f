"""The files, value by value."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulation.columns import Labels
from simulation.kaggle_csv import CsvFolder, arrow_column
from simulation.profile import Profile


@contextmanager
def csv_folder(folder: Path, profile: Profile, *, n_chunks: int = 2, seed: int = 0) -> Iterator[CsvFolder]:
    """A folder whose files are finished at the end."""
    with closing(CsvFolder(folder, profile, n_chunks, np.random.SeedSequence(seed))) as files:
        yield files
        files.finish(lambda *_: None)


def states(keys=(5_000_001,), months=(-1,), status=None):
    """Rows of bureau_balance."""
    return {
        "SK_ID_BUREAU": np.array(keys),
        "MONTHS_BALANCE": np.array(months),
        "STATUS": status or Labels.constant("0", len(keys)),
    }


def zeros(profile: Profile, table: str, n: int):
    """Rows of a table of numbers, all 0."""
    return {name: np.zeros(n, dtype=np.int64) for name in profile[table].header}


def lines(folder: Path, table: str) -> list[str]:
    return (folder / f"{table}.csv").read_text(encoding="utf-8").splitlines()[1:]


def test_floats_are_written_as_the_real_files_have_them(tmp_path, profile):
    values = [406597.5, 1.0, 0.0830369673913225, 8.173616518884397e-08, -0.0, np.nan]
    with csv_folder(tmp_path, profile) as folder:
        table = zeros(profile, "installments_payments", len(values))
        folder.append("installments_payments", table | {"AMT_PAYMENT": np.array(values)})
    written = {line.rpartition(",")[2] for line in lines(tmp_path, "installments_payments")}
    assert written == {"406597.5", "1.0", "0.0830369673913225", "8.173616518884397e-08", "0.0", ""}


def test_rows_are_gathered_below_one_header(tmp_path, profile):
    with csv_folder(tmp_path, profile) as folder:
        folder.append("bureau_balance", states())
        folder.append("bureau_balance", states(status=Labels.constant("C", 1)))
    content = (tmp_path / "bureau_balance.csv").read_text(encoding="utf-8")
    assert content.startswith("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n")
    assert sorted(lines(tmp_path, "bureau_balance")) == ["5000001,-1,0", "5000001,-1,C"]
    assert folder.rows["bureau_balance"] == 2


def test_only_the_eight_files_are_left(tmp_path, profile):
    with csv_folder(tmp_path, profile) as folder:
        folder.append("bureau_balance", states())
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv" for name in profile.tables}


def test_rows_of_different_chunks_are_mixed(tmp_path, profile):
    with csv_folder(tmp_path, profile) as folder:
        for chunk in (1, 2):
            table = zeros(profile, "POS_CASH_balance", 500)
            folder.append("POS_CASH_balance", table | {"SK_ID_CURR": np.full(500, chunk)})
    chunks = [line.split(",")[1] for line in lines(tmp_path, "POS_CASH_balance")]
    # 500 expected; five standard deviations are 80.
    assert 420 < sum(upper != lower for upper, lower in pairwise(chunks)) < 580


def test_months_of_a_credit_stay_together_and_credits_are_mixed(tmp_path, profile):
    keys = np.repeat(np.arange(5_000_001, 5_000_101), 3)
    with csv_folder(tmp_path, profile) as folder:
        for chunk in range(2):
            folder.append("bureau_balance", states(keys + 100 * chunk, np.tile([0, -1, -2], 100)))
    found = [line.split(",")[:2] for line in lines(tmp_path, "bureau_balance")]
    assert [month for _, month in found] == ["0", "-1", "-2"] * 200
    credit_keys = [int(key) for key, _ in found[::3]]
    assert [key for key, _ in found[1::3]] == [key for key, _ in found[2::3]] == [str(key) for key in credit_keys]
    assert abs(np.corrcoef(np.arange(200), credit_keys)[0, 1]) < 0.3


def test_credits_of_a_client_stay_together(tmp_path, profile):
    kinds = profile["bureau"]
    table = {
        name: Labels.constant(column.levels[0], 60) if column.kind == "string" else np.zeros(60, dtype=np.int64)
        for name, column in kinds.columns.items()
    }
    with csv_folder(tmp_path, profile) as folder:
        folder.append("bureau", table | {"SK_ID_CURR": np.repeat(np.arange(20), 3)})
    clients = [line.split(",")[0] for line in lines(tmp_path, "bureau")]
    assert clients[::3] == clients[1::3] == clients[2::3]
    assert clients[::3] != sorted(clients[::3], key=int)


def test_applications_stay_in_the_order_of_their_keys(portfolio):
    for name in ("application_train", "application_test"):
        assert portfolio.tables[name].SK_ID_CURR.is_monotonic_increasing


def test_missing_text_is_an_empty_field(tmp_path, profile):
    with csv_folder(tmp_path, profile) as folder:
        missing = Labels.constant("C", 1).missing_where(np.array([True]))
        folder.append("bureau_balance", states(status=missing))
    assert lines(tmp_path, "bureau_balance") == ["5000001,-1,"]


def test_a_table_without_rows_leaves_its_header(tmp_path, profile):
    with csv_folder(tmp_path, profile) as folder:
        folder.append("bureau_balance", states(keys=np.zeros(0, np.int64), months=np.zeros(0, np.int64)))
    assert lines(tmp_path, "bureau_balance") == []


def test_finishing_reports_rows_out_of_all_that_are_shuffled(tmp_path, profile):
    steps = []
    with closing(CsvFolder(tmp_path, profile, 2, np.random.SeedSequence(0))) as folder:
        folder.append("bureau_balance", states(keys=[1, 2, 2, 2], months=[0, 0, -1, -2]))
        folder.finish(lambda done, total: steps.append((done, total)))
    assert {total for _, total in steps} == {4}
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1] == (4, 4)


def test_columns_that_are_not_the_tables_are_named(tmp_path, profile):
    with (
        closing(CsvFolder(tmp_path, profile, 1, np.random.SeedSequence(0))) as folder,
        pytest.raises(ValueError, match=r"differ from bureau_balance in \['DPD'\]"),
    ):
        folder.append("bureau_balance", states() | {"DPD": np.array([1])})


def test_a_whole_number_must_arrive_as_one(profile):
    with pytest.raises(TypeError, match="found float64 in DAYS_CREDIT; expected whole numbers"):
        arrow_column(np.array([1.0]), profile["bureau"]["DAYS_CREDIT"])
