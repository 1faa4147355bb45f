"""`credit.predictions`: what a query sees of the arrays, and what it does not pay for."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from resources import schema
from resources.prediction_log import FeatureNames, insert_decisions

MONTHS = [datetime(2026, month, 10, tzinfo=UTC) for month in (1, 2, 3)]


@pytest.fixture
def connection(postgres):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, date(2026, 1, 1), date(2026, 3, 1))
        yield connection


def plan(connection, query):
    return "\n".join(row[0] for row in connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {query}").fetchall())


def test_features_are_an_object_by_name_with_numbers_as_numbers(connection, decision):
    numbers = {"THIRD": 1 / 3, "SMALLEST": 5e-324, "LARGEST": -1.7976931348623157e308, "WHOLE": 3}
    texts = {"QUOTES": 'a "b" \\', "EMPTY": ""}
    names = FeatureNames((*numbers, "MISSING"), (*texts, "ABSENT"))
    insert_decisions(connection, [decision(features=numbers | texts, feature_names=names)])
    (found,) = connection.execute("SELECT features FROM credit.predictions").fetchone()
    # The largest is a whole number to JSON, and to Python.
    assert {name: float(found.pop(name)) for name in numbers} == numbers
    assert found == texts


def test_a_decision_without_features_has_an_empty_object(connection, decision):
    insert_decisions(connection, [decision(features={})])
    assert connection.execute("SELECT features FROM credit.predictions").fetchone() == ({},)


def test_the_columns_are_those_of_the_record(connection, decision):
    record = decision(reasons=[{"code": "EXT_SOURCE", "contribution": -0.25}])
    insert_decisions(connection, [record])
    cursor = connection.execute("SELECT * FROM credit.predictions")
    row = dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))
    assert row == {name: getattr(record, name) for name in row} | {"reasons": list(record.reasons)}
    assert set(row) == set(record.__slots__) - {"feature_names", "idempotency"}


def test_a_moment_prunes_months(connection, decision):
    insert_decisions(connection, [decision(created_at=month) for month in MONTHS])
    found = plan(connection, "SELECT features FROM credit.predictions WHERE created_at >= '2026-03-01 00:00+00'")
    assert "decisions_2026_03" in found
    assert "decisions_2026_02" not in found


def test_a_count_builds_no_json(connection):
    query = "SELECT count(*), avg(probability) FROM credit.predictions WHERE created_at >= '2026-03-01 00:00+00'"
    found = plan(connection, query)
    assert "decisions_2026_03" in found
    assert "jsonb" not in found
    assert "feature_sets" not in found
    assert "jsonb" in plan(connection, "SELECT features FROM credit.predictions")


def test_nothing_is_written_through_the_view(connection):
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=r"cannot|can't"):
        connection.execute("UPDATE credit.predictions SET features = '{}'")


def test_a_day_is_read_in_the_zone_of_the_session(connection, decision):
    insert_decisions(connection, [decision(created_at=MONTHS[0] - timedelta(seconds=1))])
    query = "SELECT count(*) FROM credit.predictions WHERE created_at >= '2026-01-10 00:00+00'"
    assert connection.execute(query).fetchone() == (0,)
