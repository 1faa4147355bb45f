"""Decisions in real PostgreSQL: once each, to the same bits, counted by UTC day."""

import struct
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.prediction_log import DecisionError, FeatureNames, PredictionLog, insert_decisions

TODAY = datetime.now(UTC).date()
NOON = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# PostgreSQL's text holds no U+0000.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
FEATURES = st.dictionaries(TEXT, st.one_of(FLOATS, TEXT, st.integers(-(2**53), 2**53)), max_size=8)


@pytest.fixture
def log(postgres):
    return PredictionLog(postgres)


def store(log, *records):
    with log.database.connect() as connection:
        return insert_decisions(connection, records)


def bits(values):
    """Numbers as their 64 bits."""
    return {name: value if isinstance(value, str) else struct.pack("d", value) for name, value in values.items()}


def test_a_decision_comes_back_as_it_was(log, decision):
    record = decision(
        created_at=datetime(TODAY.year, TODAY.month, TODAY.day, 23, 59, 59, 999_999, tzinfo=UTC),
        sk_id_curr=2**63 - 1,
        probability=0.1 + 0.2,
        reasons=[{"code": "EXT_SOURCE", "contribution": -0.25}],
    )
    assert store(log, record) == 1
    assert log.get(record.prediction_id) == record
    assert log.get(UUID(int=0)) is None


def test_a_decision_is_stored_once_however_often_it_is_sent(log, decision):
    first, second, third = decision(), decision(), decision()
    assert store(log, first, second, first) == 2
    # A batch whose commit was uncertain is sent again, with what came since.
    assert store(log, first, second, third) == 1
    assert log.count() == 3


def test_what_is_there_is_left_as_it_is(log, decision):
    record = decision(probability=0.1)
    store(log, record)
    store(log, decision(prediction_id=record.prediction_id, created_at=record.created_at, probability=0.9))
    assert log.get(record.prediction_id) == record


def test_many_writers_of_the_same_decisions_store_each_once(log, decision):
    records = [decision() for _ in range(200)]
    new = []

    def write(seed):
        # Every writer in an order of its own, as replicas that ship the same journal would.
        with log.database.connect(autocommit=True) as connection:
            order = np.random.default_rng(seed).permutation(len(records))
            batches = [[records[i] for i in batch] for batch in order.reshape(10, 20)]
            new.extend(insert_decisions(connection, batch) for batch in batches)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(new) == log.count() == 200


def test_an_uncommitted_batch_is_not_there(log, decision):
    with log.database.connect() as connection:
        insert_decisions(connection, [decision()])
        connection.rollback()
    assert log.count() == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FEATURES, min_size=1, max_size=20))
def test_features_come_back_to_the_same_bits(log, decision, sent):
    records = [decision(features=features) for features in sent]
    store(log, *records)
    assert [bits(log.get(record.prediction_id).features) for record in records] == [bits(values) for values in sent]


EXTREMES = {
    "largest": 1.7976931348623157e308,
    "smallest": 5e-324,
    "smallest_normal": -2.2250738585072014e-308,
    "third": 1 / 3,
    "sum": 0.1 + 0.2,
    "whole": 1e16,
    "huge": -1e22,
}
WORDS = {
    "quotes": "\"'`''\"",
    "backslashes": "\\ \\\\ \\u0041 \\n",
    "array": '{"a",NULL,\\}',
    "controls": "\t\r\n\x01\x7f",
    "unicode": "Żółć é é 汉字 \u202e rtl",
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️",
    "empty": "",
    "percent": "%s %% $1",
}


def test_extreme_floats_and_odd_words_come_back_in_the_frame_of_a_day(log, decision):
    store(log, decision(created_at=NOON, features=EXTREMES | WORDS), decision(created_at=NOON, features={"third": 0.5}))
    frame = log.features_of(TODAY)
    row = frame[frame["third"] == 1 / 3].iloc[0]
    assert bits({name: float(row[name]) for name in EXTREMES}) == bits(EXTREMES)
    assert {name: row[name] for name in WORDS} == WORDS


def test_a_negative_zero_keeps_its_sign(log, decision):
    record = decision(created_at=NOON, features={"F": -0.0})
    store(log, record)
    assert bits(log.get(record.prediction_id).features) == bits({"F": -0.0})
    assert bits({"F": log.features_of(TODAY)["F"][0]}) == bits({"F": -0.0})


def test_a_nul_character_is_refused_with_its_whole_batch(log, decision):
    with pytest.raises(psycopg.DataError, match=r"invalid byte sequence .* 0x00"):
        store(log, decision(), decision(features={"ORGANIZATION_TYPE": "Tra\x00de"}))
    assert log.count() == 0


@pytest.mark.parametrize(
    ("names", "features", "problem"),
    [
        (FeatureNames(("A",), ()), {"A": 1.0, "X": 1.0}, "1 features outside its feature set .*: X"),
        (FeatureNames(("A", "B"), ()), {"A": "1.5", "B": None}, "1 features of another kind: A; expected numbers"),
        (FeatureNames((), ("A", "B")), {"A": 1.5}, "1 features of another kind: A; expected text"),
    ],
)
def test_a_value_that_would_not_come_back_is_refused(log, decision, names, features, problem):
    with pytest.raises(DecisionError, match=problem):
        store(log, decision(), decision(features=features, feature_names=names))
    assert log.count() == 0


def test_none_is_stored_as_missing(log, decision):
    record = decision(features={"A": None, "B": 1.5, "C": None}, feature_names=FeatureNames(("A", "B"), ("C",)))
    store(log, record)
    assert log.get(record.prediction_id).features == {"B": 1.5}


def feature_sets(log):
    with log.database.connect() as connection:
        return {row[0] for row in connection.execute("SELECT feature_set_id FROM credit.feature_sets").fetchall()}


def test_a_feature_set_that_was_rolled_back_is_stored_again(log, decision):
    first, second = decision(), decision()
    with log.database.connect() as connection:
        insert_decisions(connection, [first])
        connection.rollback()
        insert_decisions(connection, [first])
        with connection.transaction(force_rollback=True):
            insert_decisions(connection, [decision(features={"OTHER": 1.0})])
        insert_decisions(connection, [second])
        connection.commit()
        insert_decisions(connection, [third := decision()])
    assert feature_sets(log) == {first.feature_names.id}
    assert [log.get(record.prediction_id) for record in (first, second, third)] == [first, second, third]


def test_a_connection_asks_once_for_a_feature_set(log, decision):
    with log.database.connect(autocommit=True) as connection:
        insert_decisions(connection, [decision()])
        connection.execute("REVOKE ALL ON credit.feature_sets FROM PUBLIC, CURRENT_USER")
        connection.execute("ALTER TABLE credit.feature_sets RENAME TO hidden")
        assert insert_decisions(connection, [decision(), decision()]) == 2


def test_a_feature_set_is_never_changed(log, decision):
    store(log, decision())
    for change in ("UPDATE credit.feature_sets SET texts = '{}'", "DELETE FROM credit.feature_sets"):
        with log.database.connect() as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(change)


def test_a_day_is_bounded_by_midnights_in_utc(log, decision):
    midnight = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC)
    moments = {
        "before": midnight - timedelta(microseconds=1),
        "first": midnight,
        "last": midnight + timedelta(days=1, microseconds=-1),
        "after": midnight + timedelta(days=1),
        # Of another zone's calendar already tomorrow, in UTC still today.
        "elsewhere": (midnight + timedelta(hours=23)).astimezone(timezone(timedelta(hours=14))),
    }
    store(log, *[decision(created_at=moment, features={"NAME": name}) for name, moment in moments.items()])
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    assert log.count_by_day(yesterday, tomorrow) == {yesterday: 1, TODAY: 3, tomorrow: 1}
    assert log.count_by_day(TODAY, TODAY) == {TODAY: 3}
    assert log.features_of(TODAY)["NAME"].tolist() == ["first", "elsewhere", "last"]
    assert log.features_since(moments["last"])["NAME"].tolist() == ["last", "after"]


def test_counts_do_not_follow_the_servers_time_zone(log, decision):
    with log.database.connect(autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = 'Pacific/Kiritimati'")
    record = decision(created_at=NOON + timedelta(hours=11))
    store(log, record)
    assert log.count_by_day(TODAY, TODAY) == {TODAY: 1}
    assert log.get(record.prediction_id).created_at.tzinfo is UTC


def test_days_without_decisions_are_left_out_and_their_frame_is_empty(log):
    assert log.count_by_day(date(2026, 1, 1), date(2026, 1, 31)) == {}
    assert log.features_of(date(2026, 1, 1)).empty


def test_a_feature_that_some_decisions_left_out_is_missing_there(log, decision):
    store(log, decision(created_at=NOON, features={"A": 1.5, "B": "x"}), decision(created_at=NOON, features={"A": 2.5}))
    frame = log.features_of(TODAY).sort_values("A")
    assert frame["A"].dtype == "float64"
    assert frame["B"].isna().tolist() == [False, True]


def test_several_feature_sets_of_a_day_are_one_frame_in_the_order_of_moments(log, decision):
    def at(minute, features):
        return decision(created_at=NOON + timedelta(minutes=minute), features=features)

    store(log, at(1, {"A": 1.0, "T": "x"}), at(2, {"B": 2.0, "A": 3.0}), at(3, {"A": 4.0, "T": "y"}), at(4, {"A": "z"}))
    frame = log.features_of(TODAY)
    assert sorted(frame.columns) == ["A", "B", "T"]
    assert frame["A"].tolist() == [1.0, 3.0, 4.0, "z"]
    assert frame["B"].isna().tolist() == [True, False, True, True]
    assert frame["T"].tolist() == ["x", None, "y", None]
    assert frame.index.tolist() == [0, 1, 2, 3]


def test_a_frame_of_many_decisions_is_in_the_order_of_their_moments(log, decision):
    # More than are read at once, with and without text, some of them empty.
    order = np.random.default_rng(0).permutation(300)
    records = [
        decision(
            created_at=NOON + timedelta(seconds=int(i)),
            features={"A": float(i)} | ({"B": -float(i), "T": f"t{i}"} if i % 3 else {}),
            feature_names=FeatureNames(("A", "B"), ("T", "U")),
        )
        for i in order
    ]
    store(log, *records)
    frame = log.features_of(TODAY)
    assert frame["A"].tolist() == list(range(300))
    assert frame["B"].fillna(0).tolist() == [-float(i) if i % 3 else 0.0 for i in range(300)]
    assert frame["T"].tolist() == [f"t{i}" if i % 3 else None for i in range(300)]
    assert frame["U"].isna().all()
    assert [record.features["A"] for record in log.decisions_of(TODAY)] == list(range(300))


@pytest.mark.parametrize("features", [{}, {"A": 1.5}, {"T": "x"}])
def test_a_feature_set_may_lack_numbers_or_texts(log, decision, features):
    record = decision(created_at=NOON, features=features)
    store(log, record)
    assert log.get(record.prediction_id) == record
    frame = log.features_of(TODAY)
    assert (len(frame), frame.to_dict("list")) == (1, {name: [value] for name, value in features.items()})


def test_a_sample_is_of_different_decisions(log, decision):
    records = {record.prediction_id: record for record in (decision() for _ in range(20))}
    store(log, *records.values())
    sample = list(log.sample(12, seed=1))
    assert len({record.prediction_id for record in sample}) == 12
    assert all(records[record.prediction_id] == record for record in sample)
    assert len(list(log.sample(100, seed=1))) == 20


def test_a_seed_draws_the_same_sample_again(log, decision):
    store(log, *(decision() for _ in range(20)))
    first, again, other = ({record.prediction_id for record in log.sample(8, seed=seed)} for seed in (1, 1, 2))
    assert first == again
    assert first != other
