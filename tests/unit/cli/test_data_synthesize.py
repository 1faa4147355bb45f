"""What `credit data synthesize` shows."""

import pytest

from cli.data_synthesize import data_synthesize
from credit_risk.errors import SettingsError


def test_the_summary_names_every_file_and_what_is_known(tmp_path, capsys):
    data_synthesize(100, 1, tmp_path / "raw", overwrite=False)
    shown = capsys.readouterr().out
    for words in ("application_train.csv", "bureau_balance.csv", "default rate", "best possible AUC"):
        assert words in shown
    assert (tmp_path / "raw" / "application_train.csv").exists()


def test_a_second_run_needs_leave_to_overwrite(tmp_path):
    data_synthesize(100, 1, tmp_path, overwrite=False)
    with pytest.raises(SettingsError, match="8 of the CSV files"):
        data_synthesize(100, 1, tmp_path, overwrite=False)
    data_synthesize(100, 1, tmp_path, overwrite=True)
