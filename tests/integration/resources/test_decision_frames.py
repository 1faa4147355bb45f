"""Windows of features: over one connection or two, a day or a range, the frames are the same."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from resources import decision_frames, schema
from resources.decision_frames import read_features, read_features_by_day
from resources.prediction_log import DecisionError, FeatureNames, PredictionLog, insert_decisions

DAY = date(2026, 3, 5)
START = datetime(2026, 3, 5, tzinfo=UTC)
SETS = (FeatureNames(("A", "B"), ("T",)), FeatureNames(("B",), ("U", "A")))


@pytest.fixture
def log(postgres, decision):
    """600 decisions of three days, two feature sets in turn by the hundred, some at the same moment."""
    records = []
    for number in range(600):
        names = SETS[number // 100 % 2]
        features = {"B": float(number)} | ({"A": -float(number), "T": f"t{number}"} if names is SETS[0] else {"A": "x"})
        moment = START + timedelta(minutes=7 * (number - number % 3))
        records.append(decision(created_at=moment, features=features, feature_names=names))
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, DAY, DAY)
        insert_decisions(connection, records)
    return PredictionLog(postgres)


def test_two_connections_read_what_one_reads(log, monkeypatch):
    one = read_features(log.database, START, START + timedelta(days=3))
    monkeypatch.setattr(decision_frames, "DECISIONS_FOR_TWO", 10)
    two = read_features(log.database, START, START + timedelta(days=3))
    pd.testing.assert_frame_equal(one, two)
    assert len(one) == 600
    assert sorted(one["B"]) == list(range(600))


def test_two_connections_see_the_same_moment(log, decision, monkeypatch):
    monkeypatch.setattr(decision_frames, "DECISIONS_FOR_TWO", 10)
    halves = decision_frames._read_halves

    def beside_a_writer(database, *arguments):
        with database.connect() as connection:
            insert_decisions(connection, [decision(created_at=START + timedelta(seconds=n)) for n in range(50)])
        halves(database, *arguments)

    monkeypatch.setattr(decision_frames, "_read_halves", beside_a_writer)
    assert len(log.features_of(DAY)) == 207
    monkeypatch.undo()
    assert len(log.features_of(DAY)) == 257


@pytest.mark.parametrize("at_once", [1, 250, 10_000])
def test_a_range_is_its_days_however_many_are_read_together(log, monkeypatch, at_once):
    monkeypatch.setattr(decision_frames, "DECISIONS_AT_ONCE", at_once)
    days = list(log.features_between(DAY - timedelta(days=3), DAY + timedelta(days=5)))
    assert [day for day, _ in days] == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    for day, frame in days:
        pd.testing.assert_frame_equal(frame, log.features_of(day))


def test_a_range_is_read_in_few_reads(log, monkeypatch):
    windows = []
    read = decision_frames._read
    monkeypatch.setattr(decision_frames, "_read", lambda *a: (windows.append(a), read(*a))[1])
    assert len(list(read_features_by_day(log.database, DAY, DAY + timedelta(days=9)))) == 3
    assert len(windows) == 1


def test_a_day_has_no_column_of_a_feature_set_that_it_lacks(log, decision):
    names = FeatureNames(("ALONE",), ())
    with log.database.connect() as connection:
        made = decision(created_at=START + timedelta(days=6), features={"ALONE": 1.0}, feature_names=names)
        insert_decisions(connection, [made])
    days = dict(log.features_between(DAY, DAY + timedelta(days=6)))
    assert list(days[DAY + timedelta(days=6)].columns) == ["ALONE"]
    assert "ALONE" not in days[DAY]


def test_a_feature_set_whose_names_are_gone_is_named(log):
    with log.database.connect() as connection:
        connection.execute("ALTER TABLE credit.feature_sets DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM credit.feature_sets WHERE feature_set_id = %s", [SETS[1].id])
    with pytest.raises(DecisionError, match=f"feature sets that are not stored: {SETS[1].id}"):
        log.features_of(DAY)
