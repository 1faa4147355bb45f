"""Performance reports in real PostgreSQL: one current row a day and model, the latest reading holds."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import psycopg
import pytest

from credit_risk.performance import performance_report
from credit_risk.prices import Prices
from resources.performance_reports import PerformanceReports, row_of
from resources.random_approvals import RandomApprovals
from resources.roles import READER, SERVICE, RoleDatabase

DAY = date(2026, 11, 20)


@pytest.fixture
def reports(postgres):
    return PerformanceReports(postgres)


def report_on(n, *, known=True):
    rng = np.random.default_rng(n)
    p = rng.uniform(0.01, 0.2, n)
    frame = pd.DataFrame({"probability": p, "approved": p < 0.1,
                          "target": np.where(p < 0.1, rng.random(n) < p, np.nan) if known else np.nan,
                          "random_share": np.nan})  # fmt: skip
    return performance_report(frame, reference=None, prices=Prices(currency="EUR"))


def test_a_report_comes_back_as_columns(reports):
    report = report_on(600)
    assert reports.store(DAY, {"3": report}, read_at=reports.now())
    (row,) = reports.between(DAY, DAY)
    assert (row["report_date"], row["model_version"]) == (DAY, "3")
    assert row["auc_approved"] == report.auc_approved.value
    assert row["cost_realised_approved_high"] == report.cost_realised_approved.high
    assert row["calibration"] == report.calibration.to_dict()
    assert row["money"]["currency"] == "EUR"
    assert row["absent"] == report.absent
    assert row["created_at"] > datetime.now(UTC) - timedelta(minutes=1)


def test_a_figure_that_is_unknown_is_null_and_never_nan(reports):
    reports.store(DAY, {"3": report_on(600, known=False)}, read_at=reports.now())
    (row,) = reports.between(DAY, DAY)
    assert row["auc_approved"] is row["calibration"] is row["auc_reference_low"] is None
    assert not [name for name, value in row.items() if isinstance(value, float) and np.isnan(value)]


def test_every_column_of_the_table_is_written(postgres):
    with postgres.connect() as connection:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'performance_reports'"
        columns = {row[0] for row in connection.execute(query).fetchall()}
    assert columns == {*row_of(report_on(50)), "report_date", "model_version", "read_at", "created_at"}


def test_a_day_computed_again_replaces_its_rows_also_those_of_models_that_decided_nothing(reports):
    reports.store(DAY, {"3": report_on(50), "4": report_on(60)}, read_at=reports.now())
    reports.store(DAY, {"4": report_on(70)}, read_at=reports.now())
    assert [(row["model_version"], row["n_decided"]) for row in reports.between(DAY, DAY)] == [("4", 70)]


def test_of_two_overlapping_runs_the_one_that_read_later_holds(reports):
    first, second = reports.now(), reports.now()
    assert reports.store(DAY, {"3": report_on(70)}, read_at=second)
    assert not reports.store(DAY, {"3": report_on(50)}, read_at=first)
    (row,) = reports.between(DAY, DAY)
    assert row["n_decided"] == 70


def test_days_come_oldest_first(reports):
    for back in (0, 2, 1):
        reports.store(DAY - timedelta(days=back), {"1": report_on(40)}, read_at=reports.now())
    found = [row["report_date"] for row in reports.between(DAY - timedelta(days=1), DAY)]
    assert found == [DAY - timedelta(days=1), DAY]


def test_who_was_approved_by_lot_is_written_down_once(postgres):
    lot, ids = RandomApprovals(postgres), [uuid4() for _ in range(3)]
    assert lot.record(ids[:2], share=0.1, author="tests") == 2
    assert lot.record(ids, share=0.2, author="tests") == 1
    assert lot.shares([*ids, uuid4()]).to_dict() == {ids[0]: 0.1, ids[1]: 0.1, ids[2]: 0.2}
    with postgres.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute("DELETE FROM credit.random_approvals")


@pytest.mark.parametrize(
    ("role", "table"),
    [(READER, "performance_reports"), (READER, "random_approvals"), (SERVICE, "performance_reports")],
)
def test_readers_read_both_tables_and_the_service_the_reports_that_it_shows(postgres, role, table):
    with RoleDatabase(postgres.url, role).connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM credit.{table}").fetchone() == (0,)


def test_the_service_does_not_see_who_was_approved_by_lot(postgres):
    with (
        RoleDatabase(postgres.url, SERVICE).connect() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute("SELECT count(*) FROM credit.random_approvals")
