"""`credit performance`, in this process, on a real database."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_risk.errors import SettingsError, UnavailableError
from credit_risk.performance import performance_report, reference_performance
from credit_risk.prices import Prices
from resources.performance_reports import PerformanceReports

RUNNER = CliRunner()
DAY = date(2026, 11, 1)


@pytest.fixture
def credit(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.setenv("CREDIT_DAGSTER_PORT", "9")

    def run(command, first="2026-11-01", last="2026-11-02"):
        arguments = ["performance", command, "--from", first, "--to", last]
        return RUNNER.invoke(app, arguments, catch_exceptions=False).output

    return run


def test_reports_are_shown_with_what_waiting_costs(credit, postgres):
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.2, 3_000)
    y = (rng.random(3_000) < p).astype(float)
    promised = pd.DataFrame({"target": y, "probability": p, "weight": 1.0})
    frame = pd.DataFrame({"probability": p, "approved": p < 0.1, "target": y, "random_share": 0.5})
    report = performance_report(
        frame, reference=reference_performance(promised, 0.1), prices=Prices(2_000, 300, "EUR", 60)
    )
    reports = PerformanceReports(postgres)
    reports.store(DAY, {"7": report}, read_at=reports.now())
    shown = credit("show")
    assert f"{report.auc_approved.value:.3f} ±" in shown
    assert f"{report.cost_realised_approved.value:.3f} ±" in shown
    assert "EUR per thousand applications" in shown
    assert "60 days until labels cost" in shown
    assert "all applicants by lot" in shown


def test_without_reports_it_says_how_to_make_some(credit):
    assert "make some: credit performance backfill" in credit("show")


@pytest.mark.parametrize("last", ["2026-10-31", "2999-01-01"], ids=["none", "not-there-yet"])
def test_a_backfill_of_days_that_are_not_there_is_refused(credit, last):
    with pytest.raises(SettingsError, match=f"days from 2026-11-01 to {last}"):
        credit("backfill", last=last)


def test_a_backfill_without_a_running_platform_is_one_clear_error(credit):
    with pytest.raises(UnavailableError, match="no Dagster at port 9"):
        credit("backfill")
