"""Drift reports and answered causes in real PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import compute_drift_report
from resources.drift_reports import DriftReports, RetrainingCauses

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def reports(postgres):
    return DriftReports(postgres)


@pytest.fixture
def causes(postgres):
    return RetrainingCauses(postgres)


@pytest.fixture(scope="module")
def report():
    """A real report: one feature moved, one did not, a category did, one cannot be tested."""
    rng = np.random.default_rng(0)

    def window(n, shift, kinds):
        return pd.DataFrame(
            {
                "MOVED": rng.normal(shift, 1, n),
                "STILL": rng.normal(0, 1, n),
                "KIND": rng.choice(["a", "b"], n, p=kinds),
                "NEVER_KNOWN": np.full(n, np.nan),
            }
        )

    return compute_drift_report(window(500, 0, [0.5, 0.5]), window(200, 2, [0.9, 0.1]))


def test_a_report_comes_back(reports, report):
    reports.store(DAY, report, rule="corrected", model_version="3")
    (stored,) = reports.between(DAY, DAY)
    assert stored.report_date == DAY
    assert (stored.rule, stored.model_version, stored.status) == ("corrected", "3", report.status)
    for number in ("n_predictions", "n_features_analyzed", "n_features_drifted", "drift_percentage"):
        assert getattr(stored, number) == getattr(report, number)


def test_details_come_back_with_null_for_what_there_is_not(reports, report):
    reports.store(DAY, report, rule="corrected", model_version="3")
    details = {detail["feature"]: detail for detail in reports.details(DAY)}
    assert {"feature", "kind", "ks_stat", "size", "p_value", "q_value", "drifted"} <= details["MOVED"].keys()
    assert details["MOVED"]["drifted"] is True
    assert details["STILL"]["drifted"] is False
    assert details["KIND"]["ks_stat"] is None
    expected = report.details.set_index("feature")
    assert details["MOVED"]["ks_stat"] == expected.loc["MOVED", "ks_stat"]
    assert [detail["feature"] for detail in reports.details(DAY)] == report.details["feature"].tolist()


def test_a_window_has_one_current_row(reports, report):
    reports.store(DAY, report, rule="corrected", model_version="3")
    first = reports.between(DAY, DAY)[0]
    later = replace(report, n_predictions=999, status="ok")
    reports.store(DAY, later, rule="classic", model_version="4")
    (stored,) = reports.between(DAY, DAY)
    assert (stored.n_predictions, stored.status, stored.rule, stored.model_version) == (999, "ok", "classic", "4")
    assert stored.created_at > first.created_at


def test_a_window_is_the_utc_day(reports, report):
    reports.store(DAY, report, rule="corrected", model_version="3")
    with reports.database.connect() as connection:
        row = connection.execute("SELECT window_start, window_end FROM credit.drift_reports").fetchone()
    assert row == (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))


def test_days_are_read_in_order_with_their_counts(reports, report):
    for offset in (2, 0, 1):
        window = replace(report, n_predictions=100 + offset)
        reports.store(DAY + timedelta(days=offset), window, rule="corrected", model_version="3")
    assert [stored.report_date for stored in reports.between(DAY, NEXT)] == [DAY, NEXT]
    assert reports.reported_counts(DAY, NEXT) == {DAY: 100, NEXT: 101}
    assert reports.details(date(2020, 1, 1)) == []


def test_an_answer_is_recorded_once_a_run(causes):
    for _ in range(2):
        causes.record(DAY, model_version="3", features={"B", "A"}, run_id="run-1")
    assert causes.answered(DAY) == {DAY: frozenset({"A", "B"})}


def test_answers_of_several_runs_add_up(causes):
    causes.record(DAY, model_version="3", features=["A"], run_id="run-1")
    causes.record(DAY, model_version="3", features=["A", "C"], run_id="run-2")
    causes.record(NEXT, model_version="3", features=["D"], run_id="run-2")
    assert causes.answered(DAY) == {DAY: frozenset({"A", "C"}), NEXT: frozenset({"D"})}
    assert causes.answered(NEXT) == {NEXT: frozenset({"D"})}


def test_a_run_that_answers_two_days_is_one_retraining(causes):
    before = datetime.now(UTC) - timedelta(seconds=1)
    causes.record(DAY, model_version="3", features=["A"], run_id="run-1")
    causes.record(NEXT, model_version="3", features=["A"], run_id="run-1")
    causes.record(NEXT, model_version="3", features=["B"], run_id="run-2")
    moments = causes.answers_since(before)
    assert len(moments) == 2
    assert moments == sorted(moments)
    assert causes.answers_since(moments[-1]) == moments[-1:]
    assert causes.answers_since(moments[-1] + timedelta(microseconds=1)) == []


def test_an_answer_without_features_still_counts_as_a_retraining(causes):
    causes.record(DAY, model_version="3", features=[], run_id="run-1")
    assert causes.answered(DAY) == {}
    assert len(causes.answers_since(datetime(2020, 1, 1, tzinfo=UTC))) == 1
