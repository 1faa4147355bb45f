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

from resources.prediction_log import PredictionLog, insert_decisions

TODAY = datetime.now(UTC).date()
NOON = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)

# JSONB keeps no sign of a zero, and no text with U+0000.
FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
FEATURES = st.dictionaries(TEXT, st.one_of(FLOATS, TEXT, st.integers(-(2**53), 2**53)), max_size=8)


@pytest.fixture
def log(postgres):
    return PredictionLog(postgres)


def store(log, *records):
    with log.database.connect() as connection:
        return insert_decisions(connection, records)


def bits(values):
    """Numbers as their 64 bits: JSONB writes 1e16 without a point, and it is read as a whole number."""
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


def test_the_sign_of_a_zero_is_all_that_is_lost(log, decision):
    record = decision(features={"F": -0.0})
    store(log, record)
    found = log.get(record.prediction_id).features["F"]
    assert found == 0.0
    assert bits({"F": found}) == bits({"F": 0.0})


def test_a_nul_character_is_refused_with_its_whole_batch(log, decision):
    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        store(log, decision(), decision(features={"ORGANIZATION_TYPE": "Tra\x00de"}))
    assert log.count() == 0


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
