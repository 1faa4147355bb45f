"""`synthesize` as a caller meets it: progress, refusals, and files that appear all at once."""

import pytest

from credit_risk.errors import SettingsError
from simulation.portfolio import CLIENTS, ROWS, synthesize


def test_progress_counts_all_clients_and_then_all_rows_of_the_histories(tmp_path):
    steps = []
    synthesize(100, 1, tmp_path, lambda *step: steps.append(step))
    assert steps[0] == (CLIENTS, 100, 100)
    rows = [step for step in steps if step[0] == ROWS]
    assert rows == steps[1:]
    assert rows[-1][1] == rows[-1][2]


def test_files_that_could_be_the_real_ones_are_not_overwritten(tmp_path):
    (tmp_path / "bureau.csv").write_text("the real one", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"found 1 of the CSV files in .*: bureau.csv; .*real Kaggle files"):
        synthesize(100, 1, tmp_path)
    assert (tmp_path / "bureau.csv").read_text(encoding="utf-8") == "the real one"


def test_files_are_replaced_when_that_is_asked_for(tmp_path):
    (tmp_path / "bureau.csv").write_text("old", encoding="utf-8")
    synthesize(100, 1, tmp_path, overwrite=True)
    assert (tmp_path / "bureau.csv").read_text(encoding="utf-8").startswith("SK_ID_CURR,SK_ID_BUREAU")


def test_a_disk_too_small_for_that_many_clients_is_said_at_once(tmp_path):
    with pytest.raises(SettingsError, match=r"free for .*; expected 8,000,000\.0 GB for that many clients"):
        synthesize(10**12, 1, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing_behind(tmp_path):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(100, 1, tmp_path, interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"cannot be written.*another folder"):
        synthesize(100, 1, tmp_path / "file")


@pytest.mark.parametrize(("clients", "seed"), [(99, 1), (100, -1)])
def test_too_few_clients_or_a_negative_seed_are_refused(tmp_path, clients, seed):
    with pytest.raises(SettingsError, match="expected at least 100 clients and a seed from 0"):
        synthesize(clients, seed, tmp_path)
