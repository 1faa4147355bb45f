"""A day beside its reference: what is said about it where there is little to say it with."""

from datetime import date

import pandas as pd
import pytest

from credit_risk.domain_classifier import LEAST_ROWS
from credit_risk.drift import compute_drift_report
from resources.day_comparison import ComparedDay, with_separation
from resources.drift_reports import DayReport
from resources.live_references import LiveReference

DAY = date(2026, 11, 20)
FEATURES = ("AMT_CREDIT", "DAYS_BIRTH")


@pytest.fixture
def compared(tiny_model):
    """`compared(n_window, n_reference=)`: a day of so many decisions, each enough for a verdict."""

    def of(n_window, n_reference=60):
        rows = [pd.DataFrame({name: range(n) for name in FEATURES}, dtype=float) for n in (n_reference, n_window)]
        live = LiveReference("1", tiny_model("1").manifest, rows[0], FEATURES, None)
        report = compute_drift_report(rows[0], rows[1], min_predictions=1)
        return ComparedDay(DayReport(DAY, report, "1"), live, rows[1])

    return of


@pytest.mark.parametrize(("n_window", "n_reference"), [(5, 60), (60, LEAST_ROWS - 1)], ids=["window", "reference"])
def test_a_verdict_on_fewer_rows_than_the_classifier_takes_stands_without_it(compared, n_window, n_reference):
    day = compared(n_window, n_reference)
    assert day.report.status != "insufficient"
    assert with_separation(day) is day


def test_with_the_least_rows_the_classifier_is_asked(compared):
    told = with_separation(compared(LEAST_ROWS)).stored.multivariate
    assert told["n_window"] == LEAST_ROWS
