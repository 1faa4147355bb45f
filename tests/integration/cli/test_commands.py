"""The commands as people run them: processes with an environment, an exit code and what they print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.portfolio import synthesize


@pytest.fixture
def credit(tmp_path):
    """Run `credit ...` with a home of its own and ports that nobody uses."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"CREDIT_HOME": str(tmp_path / "home"), "CREDIT_DAGSTER_PORT": "9", "CREDIT_API_PORT": "9"}
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env={**os.environ, **own, **environment, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def one_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    return line


def test_help_names_every_group(credit):
    shown = credit("--help").stdout
    assert all(word in shown for word in ("data", "db", "history", "drift", "traffic", "serve", "up", "demo"))


def test_a_backfill_without_a_running_platform_is_one_clear_line(credit):
    done = credit("drift", "backfill", "--from", "2026-11-01", "--to", "2026-11-02")
    assert done.returncode == 1
    assert "found no Dagster at port 9; expected the running platform; start it with `make up`" in one_line(done.stderr)


def test_traffic_without_features_is_one_clear_line(credit):
    done = credit("traffic")
    assert done.returncode == 1
    assert "expected one in the lake; materialize" in one_line(done.stderr)


def test_a_wrong_setting_is_one_clear_line(credit):
    done = credit("db", "status", CREDIT_API_PORT="many")
    assert done.returncode == 1
    assert "CREDIT_API_PORT" in one_line(done.stderr)


def test_importing_a_file_that_is_not_there_is_one_clear_line(credit, postgres):
    done = credit("history", "import", "nowhere.parquet", DATABASE_URL=postgres.url)
    assert done.returncode == 1
    assert "nowhere.parquet" in one_line(done.stderr)


def test_a_made_up_folder_passes_the_check(credit, tmp_path: Path):
    synthesize(200, 1, tmp_path / "raw")
    done = credit("data", "check", str(tmp_path / "raw"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_folder_fails_the_check(credit, tmp_path: Path):
    done = credit("data", "check", str(tmp_path))
    assert done.returncode == 1
    assert "bureau_balance.csv" in done.stdout
