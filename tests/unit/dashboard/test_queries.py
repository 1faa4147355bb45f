"""Questions on a real PostgreSQL, asked as the reader asks."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from credit_risk.errors import UnavailableError
from dashboard.queries import clients, decisions, drift, model, service
from dashboard.queries.ask import frame, reading
from dashboard.tabs.decisions import by_day, newest_threshold, versions
from resources.prediction_log import ensure_feature_sets, insert_decisions
from resources.roles import READER, RoleDatabase

DAY = datetime.now(UTC).date()
NOON = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
FEATURES = {"AMT_CREDIT": 300_000.0, "DAYS_BIRTH": -10_000.0, "NAME_INCOME_TYPE": "Working"}


@pytest.fixture
def reader(postgres):
    return RoleDatabase(postgres.url, READER)


@pytest.fixture
def store(postgres, decision):
    def store(*changes):
        records = [decision(**({"created_at": NOON, "features": FEATURES} | change)) for change in changes]
        with postgres.connect() as connection:
            ensure_feature_sets(connection, {record.feature_names for record in records})
            insert_decisions(connection, records)

    return store


REFUSED = {"decision": "REFUSED", "prediction": 1, "probability": 0.6}


def test_the_reader_changes_nothing(reader):
    with reading(reader) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="read-only"):
        connection.execute("INSERT INTO credit.live_model_log (model_version, cause, author) VALUES ('9', '', '')")


def test_a_database_without_tables_says_how_they_come_about(empty_postgres):
    with pytest.raises(UnavailableError, match="credit db upgrade"), reading(empty_postgres) as connection:
        decisions.extent(connection)


def test_no_decisions_have_no_extent(reader):
    with reading(reader) as connection:
        assert decisions.extent(connection) is None
        assert decisions.scores(connection, DAY, DAY).empty
        assert clients.bounds(connection) is None


def test_decisions_are_counted_by_day_model_decision_and_bucket(reader, store):
    store({"probability": 0.101}, {"probability": 0.104}, REFUSED, REFUSED | {"model_version": "2"})
    with reading(reader) as connection:
        assert decisions.extent(connection) == (DAY, DAY)
        scores = decisions.scores(connection, DAY, DAY)
    counted = scores.set_index(["model_version", "decision", "bucket"])["n"]
    assert counted.to_dict() == {("1", "APPROVED", 20): 2, ("1", "REFUSED", 120): 1, ("2", "REFUSED", 120): 1}
    assert versions(scores) == ["2", "1"]
    assert newest_threshold(scores) == 0.2
    assert by_day(scores)["share"].tolist() == [0.5]


def test_a_probability_of_one_is_in_the_last_bucket(reader, store):
    store(REFUSED | {"probability": 1.0})
    with reading(reader) as connection:
        assert decisions.scores(connection, DAY, DAY)["bucket"].tolist() == [decisions.BUCKETS - 1]


def test_days_outside_of_the_span_are_left_out(reader, store):
    store({})
    with reading(reader) as connection:
        assert decisions.scores(connection, DAY - timedelta(days=2), DAY - timedelta(days=1)).empty


def test_acceptance_is_counted_by_category_of_a_feature(reader, store):
    store({}, REFUSED, {"features": {"AMT_CREDIT": 1.0}})
    with reading(reader) as connection:
        found = decisions.by_segment(connection, "income", DAY, DAY).set_index("segment")
    assert found[["n", "n_approved"]].to_dict("index") == {
        "Working": {"n": 2, "n_approved": 1},
        decisions.UNKNOWN: {"n": 1, "n_approved": 1},
    }


@pytest.mark.parametrize(
    ("days", "band"), [(-7_000.0, "under 30"), (-10_957.5, "under 30"), (-22_000.0, "60 and over")]
)
def test_acceptance_is_counted_by_band_of_age(reader, store, days, band):
    store({"features": {"DAYS_BIRTH": days}})
    with reading(reader) as connection:
        assert decisions.by_segment(connection, "age", DAY, DAY)["segment"].tolist() == [band]


def test_a_segment_is_counted_for_one_model_where_asked(reader, store):
    store({}, {"model_version": "2"})
    with reading(reader) as connection:
        assert decisions.by_segment(connection, "loan", DAY, DAY, "2")["n"].tolist() == [1]


def test_many_segments_are_told_with_the_rest_in_one(reader, store):
    store(*({"features": {"ORGANIZATION_TYPE": f"type {i:02}"}} for i in range(20)))
    with reading(reader) as connection:
        found = decisions.by_segment(connection, "employer", DAY, DAY)
    assert len(found) == decisions.MOST_SEGMENTS
    assert (found["segment"].iloc[-1], found["n"].sum()) == ("all others", 20)


def test_scoring_time_is_that_of_our_own_decisions(reader, store):
    store(*({"inference_time_ms": float(ms)} for ms in range(1, 102)), {"model_version": "import:old"})
    with reading(reader) as connection:
        found = service.latency(connection, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    assert found[["n", "p50", "p95", "p99"]].to_numpy().tolist() == [[101, 51.0, 96.0, 100.0]]


@pytest.mark.parametrize(
    ("hours", "step"), [(1, "1 minute"), (24, "15 minutes"), (24 * 7, "6 hours"), (24 * 365 * 9, "7 days")]
)
def test_a_longer_span_has_wider_points(hours, step):
    assert service.step_of(NOON, NOON + timedelta(hours=hours)) == step


def test_log_lines_of_warnings_and_errors_are_counted(reader, postgres):
    with postgres.connect() as connection:
        connection.cursor().executemany(
            "INSERT INTO credit.api_logs (log_id, timestamp, level, event) VALUES (gen_random_uuid(), %s, %s, 'e')",
            [(NOON, "ERROR"), (NOON, "error"), (NOON, "info")],
        )
    with reading(reader) as connection:
        found = service.errors(connection, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
        assert found[["level", "n"]].to_numpy().tolist() == [["error", 2]]
        assert len(service.last_lines(connection, 5)) == 2
        assert service.any_line(connection, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
        assert not service.any_line(connection, NOON - timedelta(hours=2), NOON - timedelta(hours=1))


def test_a_days_features_are_counted_between_edges(reader, store):
    store({"features": {"AMT_CREDIT": 0.5}}, {"features": {"AMT_CREDIT": 9.0}}, {"features": {"DAYS_BIRTH": -1.0}})
    with reading(reader) as connection:
        found = drift.numbers_of(connection, DAY, {"AMT_CREDIT": [0.0, 1.0, 2.0]})
    assert found.dropna().set_index("bucket")["n"].to_dict() == {1: 1, 3: 1}


def test_a_days_categories_are_counted_by_level(reader, store):
    store({}, {"features": {"NAME_INCOME_TYPE": "Pensioner"}})
    with reading(reader) as connection:
        found = drift.levels_of(connection, DAY, ["NAME_INCOME_TYPE"])
    assert dict(zip(found["level"], found["n"], strict=True)) == {"Working": 1, "Pensioner": 1}


def test_reports_and_references_that_are_not_there_are_empty(reader):
    with reading(reader) as connection:
        assert drift.history(connection, 9).empty
        assert drift.details(connection, date(2026, 1, 1)).empty
        assert model.vintages(connection, 9).empty
        assert model.reference(connection, "1", ["AMT_CREDIT"]).empty
        assert service.live_models(connection).empty


def test_moments_are_told_in_utc(reader):
    with reading(reader) as connection:
        (zone,) = frame(connection, "SELECT current_setting('TimeZone') AS zone")["zone"]
    assert zone == "UTC"
