"""`credit drift`, in this process, on a real database."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_risk.drift import compute_drift_report
from credit_risk.errors import CreditError, SettingsError, UnavailableError
from resources.drift_reports import DayReport, DriftReports

RUNNER = CliRunner()
DAY = date(2026, 11, 1)


@pytest.fixture
def credit(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.setenv("CREDIT_DAGSTER_PORT", "9")

    def run(*arguments):
        return RUNNER.invoke(app, ["drift", *arguments], catch_exceptions=False).output

    return run


@pytest.fixture
def stored(postgres):
    rng = np.random.default_rng(0)
    reference = pd.DataFrame({"MOVED": rng.normal(size=500), "STILL": rng.normal(size=500)})
    window = pd.DataFrame({"MOVED": rng.normal(size=200) + 2, "STILL": rng.normal(size=200)})
    score = {"ks_stat": 0.3, "p_value": 1e-6, "size": 0.3, "drifted": True}
    report = compute_drift_report(reference, window)
    DriftReports(postgres).store(DayReport(DAY, report, "7", score=score))
    return report


def test_a_day_is_shown_with_both_rules_its_score_and_its_features(credit, stored):
    shown = credit("show", "2026-11-01")
    assert "2026-11-01: alert, 1 of 2 features drifted (50 %), 200 predictions against model 7" in shown
    assert "rule corrected (decides): alert, 1 drifted" in shown
    assert "rule classic: " in shown
    assert "the score moved: size 0.3000" in shown
    moved = next(line for line in shown.splitlines() if "MOVED" in line)
    assert "drifted" in moved
    assert f"{stored.details.set_index('feature').loc['MOVED', 'size']:.4f}" in moved


def test_a_day_without_a_report_says_how_to_get_one(credit):
    with pytest.raises(CreditError, match="run `credit drift backfill --from 2026-11-02 --to 2026-11-02`"):
        credit("show", "2026-11-02")


def test_a_backfill_of_days_that_are_not_there_yet_is_refused(credit):
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    with pytest.raises(SettingsError, match="correct --from and --to"):
        credit("backfill", "--from", "2026-11-01", "--to", tomorrow)
    with pytest.raises(SettingsError, match="correct --from and --to"):
        credit("backfill", "--from", "2026-11-02", "--to", "2026-11-01")


def test_a_backfill_without_a_running_platform_is_one_clear_error(credit):
    with pytest.raises(UnavailableError, match="no Dagster at port 9"):
        credit("backfill", "--from", "2026-11-01", "--to", "2026-11-02")
