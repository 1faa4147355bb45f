"""What `credit data synthesize` shows, and leaves behind when it is stopped."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.data_synthesize import data_synthesize
from credit_risk.errors import SettingsError

# Enough to be stopped half way: several chunks, half a minute.
MANY_CLIENTS = "100000"


def test_the_summary_names_every_file_and_what_is_known(tmp_path, capsys):
    data_synthesize(100, 1, tmp_path / "raw", overwrite=False)
    shown = capsys.readouterr().out
    for words in ("100 made-up clients", "application_train.csv", "bureau_balance.csv", "best possible AUC"):
        assert words in shown
    assert (tmp_path / "raw" / "application_train.csv").exists()


def test_nothing_is_drawn_over_itself_where_nobody_watches(tmp_path, capsys):
    data_synthesize(100, 1, tmp_path, overwrite=False)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\r" not in shown


def test_a_second_run_needs_leave_to_overwrite(tmp_path):
    data_synthesize(100, 1, tmp_path, overwrite=False)
    with pytest.raises(SettingsError, match="8 of the CSV files"):
        data_synthesize(100, 1, tmp_path, overwrite=False)
    data_synthesize(100, 1, tmp_path, overwrite=True)


def wait_for_unfinished_files(folder: Path, run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.glob(".unfinished-*/bureau.0")):
        assert run.poll() is None, "ended before it could be stopped"
        assert time.monotonic() < deadline, "wrote nothing in a minute"
        time.sleep(0.02)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_so_and_leaves_nothing(tmp_path, stop):
    command = [sys.executable, "-c", "from cli.main import main; main()", "data", "synthesize"]
    with subprocess.Popen(
        [*command, "--clients", MANY_CLIENTS, "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        wait_for_unfinished_files(tmp_path, run)
        run.send_signal(stop)
        shown, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert shown == "stopped: no file was written\n"
    assert list(tmp_path.iterdir()) == []
