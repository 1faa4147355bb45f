from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.prediction_log import DecisionRecord, day_bounds

# What JSON in UTF-8 may carry: no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**64 - 1))
VALUES = st.one_of(NUMBERS, TEXT, st.none())
# `fold` tells two readings of a clock apart, which UTC has not.
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))
REASONS = st.lists(st.dictionaries(TEXT, VALUES, max_size=3), max_size=3)

RECORDS = st.builds(
    DecisionRecord,
    prediction_id=st.uuids(),
    created_at=MOMENTS,
    sk_id_curr=st.integers(1, 2**63 - 1),
    probability=st.floats(0, 1),
    prediction=st.sampled_from([0, 1]),
    decision=st.sampled_from(["APPROVED", "REFUSED"]),
    threshold=st.floats(0, 1),
    model_version=TEXT,
    inference_time_ms=st.none() | st.floats(0, 1e6),
    n_features_missing=st.none() | st.integers(0, 10_000),
    features=st.dictionaries(TEXT, VALUES, max_size=5),
    reasons=st.one_of(REASONS, REASONS.map(tuple)),
)


@given(RECORDS)
def test_a_record_comes_back_from_one_line_of_json_to_the_same_bits(record):
    line = record.to_json()
    assert b"\n" not in line
    back = DecisionRecord.from_json(line)
    assert back == record
    # Equality alone would let 1 pass for 1.0, and -0.0 for 0.0.
    assert repr(back) == repr(record)
    assert DecisionRecord.from_json(line.decode()) == record


@pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, -1e22])
def test_extreme_floats_come_back_as_floats(decision, value):
    back = DecisionRecord.from_json(decision(features={"F": value}).to_json()).features["F"]
    assert isinstance(back, float)
    assert back.hex() == value.hex()


def test_a_moment_of_another_zone_comes_back_as_the_same_moment(decision):
    record = decision(created_at=datetime(2026, 11, 2, 0, 30, tzinfo=timezone(timedelta(hours=1))))
    assert DecisionRecord.from_json(record.to_json()).created_at == record.created_at


def test_reasons_may_be_left_out():
    record = DecisionRecord(
        UUID(int=1), datetime(2026, 11, 1, tzinfo=UTC), 1, 0.5, 1, "REFUSED", 0.1, "1", None, None, {}
    )
    assert record.reasons == ()
    assert DecisionRecord.from_json(record.to_json()) == record


def test_a_day_is_a_utc_day():
    start, end = day_bounds(date(2026, 10, 25))
    assert start == datetime(2026, 10, 25, tzinfo=UTC)
    assert end - start == timedelta(hours=24)
