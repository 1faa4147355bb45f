"""Drift reports in real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import compute_drift_report
from resources.drift_reports import DayReport, DriftReports

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def reports(postgres):
    return DriftReports(postgres)


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
    reports.store(DayReport(DAY, report, "3"))
    (stored,) = reports.between(DAY, DAY)
    assert stored.report_date == DAY
    assert (stored.rule, stored.model_version, stored.status) == ("corrected", "3", report.status)
    for number in ("n_predictions", "n_features_analyzed", "n_features_drifted", "drift_percentage"):
        assert getattr(stored, number) == getattr(report, number)


def test_details_come_back_with_null_for_what_there_is_not(reports, report):
    reports.store(DayReport(DAY, report, "3"))
    details = {detail["feature"]: detail for detail in reports.details(DAY)}
    assert {"feature", "kind", "ks_stat", "size", "p_value", "q_value", "drifted"} <= details["MOVED"].keys()
    assert details["MOVED"]["drifted"] is True
    assert details["STILL"]["drifted"] is False
    assert details["KIND"]["ks_stat"] is None
    expected = report.details.set_index("feature")
    assert details["MOVED"]["ks_stat"] == expected.loc["MOVED", "ks_stat"]
    assert [detail["feature"] for detail in reports.details(DAY)] == report.details["feature"].tolist()


def test_a_window_has_one_current_row(reports, report):
    reports.store(DayReport(DAY, report, "3"))
    first = reports.between(DAY, DAY)[0]
    later = replace(report, n_predictions=999, status="ok", rule="classic")
    reports.store(DayReport(DAY, later, "4"))
    (stored,) = reports.between(DAY, DAY)
    assert (stored.n_predictions, stored.status, stored.rule, stored.model_version) == (999, "ok", "classic", "4")
    assert stored.created_at > first.created_at


def test_a_window_is_the_utc_day(reports, report):
    reports.store(DayReport(DAY, report, "3"))
    with reports.database.connect() as connection:
        row = connection.execute("SELECT window_start, window_end FROM credit.drift_reports").fetchone()
    assert row == (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))


def test_days_are_read_in_order_with_their_counts(reports, report):
    for offset in (2, 0, 1):
        window = replace(report, n_predictions=100 + offset)
        reports.store(DayReport(DAY + timedelta(days=offset), window, "3"))
    assert [stored.report_date for stored in reports.between(DAY, NEXT)] == [DAY, NEXT]
    assert reports.reported_counts(DAY, NEXT) == {DAY: 100, NEXT: 101}
    assert reports.details(date(2020, 1, 1)) == []


def test_all_that_a_report_says_comes_back(reports, report):
    score = {"ks_stat": 0.2, "p_value": float("nan"), "size": 0.2, "drifted": True}
    separation = {"auc": 0.7, "strongest": ("MOVED", "KIND")}
    sampled = replace(report, n_predictions=5_000)
    reports.store(DayReport(DAY, sampled, "3", score=score, multivariate=separation))
    stored = reports.in_full(DAY)
    assert stored.row == reports.between(DAY, DAY)[0]
    assert stored.by_rule["corrected"] == {
        "status": report.status,
        "drift_percentage": report.drift_percentage,
        "n_features_drifted": report.n_features_drifted,
    }
    assert set(stored.by_rule) == {"corrected", "classic"}
    assert stored.score == score | {"p_value": None}
    assert stored.multivariate == {"auc": 0.7, "strongest": ["MOVED", "KIND"]}
    assert stored.n_sampled == 200
    assert reports.in_full(NEXT) is None


def test_of_two_computations_the_one_that_read_later_holds_whichever_ends_last(reports, report):
    early = reports.now()
    late = reports.now()
    assert reports.store(DayReport(DAY, report, "3", read_at=late))
    assert not reports.store(DayReport(DAY, replace(report, status="ok"), "2", read_at=early))
    assert reports.between(DAY, DAY)[0].model_version == "3"
    assert reports.store(DayReport(DAY, report, "4", read_at=late))


def test_more_predictions_hold_against_an_earlier_read(reports, report):
    early, late = reports.now(), reports.now()
    reports.store(DayReport(DAY, report, "3", read_at=late))
    assert reports.store(DayReport(DAY, replace(report, n_predictions=201), "3", read_at=early))


def test_days_that_are_stored_together_are_there_together_or_not_at_all(reports, report):
    def dying():
        with reports.storing([DayReport(DAY, report, "3"), DayReport(NEXT, report, "3")]) as written:
            seen.append((written, reports.between(DAY, NEXT)))
            raise MemoryError("half way")

    seen = []
    with pytest.raises(MemoryError, match="half way"):
        dying()
    assert seen == [({DAY, NEXT}, [])]
    assert reports.between(DAY, NEXT) == []


def test_a_computation_of_the_same_day_waits_for_what_the_first_one_tells(reports, report):
    told = []

    def second():
        with reports.storing([DayReport(DAY, report, "4", read_at=reports.now())]):
            told.append("second")

    with ThreadPoolExecutor(1) as pool, reports.storing([DayReport(DAY, report, "3")]):
        waiting = pool.submit(second)
        assert wait([waiting], timeout=0.2).not_done
        told.append("first")
    assert told == ["first", "second"]
    assert reports.between(DAY, DAY)[0].model_version == "4"


def test_what_was_written_since_a_moment_is_told_from_what_was_there(reports, report):
    reports.store(DayReport(DAY, report, "3"))
    moment = reports.now()
    reports.store(DayReport(NEXT, report, "3"))
    assert [row.report_date for row in reports.written_since(DAY, NEXT, moment)] == [NEXT]
