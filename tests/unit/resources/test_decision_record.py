import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.decision_record import DecisionError, DecisionRecord, FeatureNames, IdempotencyKey

# What JSON in UTF-8 may carry: no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**64 - 1))
VALUES = st.one_of(NUMBERS, TEXT, st.none())
FEATURES = st.dictionaries(TEXT, st.one_of(NUMBERS, TEXT), max_size=5)
# `fold` tells two readings of a clock apart, which UTC has not.
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))
REASONS = st.lists(st.dictionaries(TEXT, VALUES, max_size=3), max_size=3)


@st.composite
def records(draw):
    features = draw(FEATURES)
    return DecisionRecord(
        prediction_id=draw(st.uuids()),
        created_at=draw(MOMENTS),
        sk_id_curr=draw(st.integers(1, 2**63 - 1)),
        probability=draw(st.floats(0, 1)),
        prediction=draw(st.sampled_from([0, 1])),
        decision=draw(st.sampled_from(["APPROVED", "REFUSED"])),
        threshold=draw(st.floats(0, 1)),
        model_version=draw(TEXT),
        inference_time_ms=draw(st.none() | st.floats(0, 1e6)),
        n_features_missing=draw(st.none() | st.integers(0, 10_000)),
        features=features,
        # A model accepts more than one application carries.
        feature_names=FeatureNames.of([features, draw(FEATURES)]),
        reasons=draw(st.one_of(REASONS, REASONS.map(tuple))),
        idempotency=draw(st.none() | st.builds(IdempotencyKey, key=TEXT, request_sha256=TEXT)),
    )


def exactly(record):
    """Equality alone would let 1 pass for 1.0, and -0.0 for 0.0."""
    return repr(replace(record, features=dict(sorted(record.features.items()))))


@given(records())
def test_a_record_comes_back_from_one_line_of_json_to_the_same_bits(record):
    line = record.to_json()
    assert b"\n" not in line
    back = DecisionRecord.from_json(line)
    assert back == record
    assert exactly(back) == exactly(record)
    assert DecisionRecord.from_json(line.decode()) == record


@pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, -1e22])
def test_extreme_floats_come_back_as_floats(decision, value):
    back = DecisionRecord.from_json(decision(features={"F": value}).to_json()).features["F"]
    assert isinstance(back, float)
    assert back.hex() == value.hex()


def test_a_moment_of_another_zone_comes_back_as_the_same_moment(decision):
    record = decision(created_at=datetime(2026, 11, 2, 0, 30, tzinfo=timezone(timedelta(hours=1))))
    assert DecisionRecord.from_json(record.to_json()).created_at == record.created_at


def test_reasons_and_idempotency_may_be_left_out():
    moment, names = datetime(2026, 11, 1, tzinfo=UTC), FeatureNames((), ())
    record = DecisionRecord(UUID(int=1), moment, 1, 0.5, 1, "REFUSED", 0.1, "1", None, None, {}, names)
    assert (record.reasons, record.idempotency) == ((), None)
    assert DecisionRecord.from_json(record.to_json()) == record


def test_none_counts_as_left_out(decision):
    record = decision(features={"A": None, "B": None, "C": 1.5}, feature_names=FeatureNames(("A", "C"), ("B",)))
    assert DecisionRecord.from_json(record.to_json()).features == {"C": 1.5}


def test_a_line_of_an_older_release_is_read(decision):
    record = decision(features={"A": 1.5, "B": "x"}, reasons=[{"code": "C"}])
    line = json.loads(record.to_json())
    for field in ("names", "numbers", "texts", "idempotency"):
        del line[field]
    before = json.dumps(line | {"features": {"A": 1.5, "B": "x", "C": None}})
    assert DecisionRecord.from_json(before) == record


def test_a_line_of_600_features_stays_small(decision):
    rng = np.random.default_rng(1)
    words = ["PREVIOUS", "INSTALLMENTS", "CARD", "BALANCE", "AMOUNT", "CREDIT", "MEAN", "MAX", "LAST", "RATIO"]
    numbers = tuple("_".join(rng.choice(words, 5)) + f"_{number}" for number in range(600))
    features = dict(zip(numbers[::2], rng.normal(size=300).tolist(), strict=True))
    assert len(decision(features=features, feature_names=FeatureNames(numbers, ())).to_json()) < 15_000


@pytest.mark.parametrize("damage", [{"names": "eJw="}, {"names": "?"}, {"numbers": []}, {"texts": ["x", "y"]}])
def test_a_damaged_line_is_no_record(decision, damage):
    line = json.loads(decision().to_json()) | damage
    with pytest.raises(ValueError, match=r"."):
        DecisionRecord.from_json(json.dumps(line))


def test_the_same_names_in_the_same_order_are_the_same_feature_set():
    names = FeatureNames(("A", "B"), ("C",))
    assert names.id == FeatureNames(("A", "B"), ("C",)).id == "2cb9781963db9515"
    others = [FeatureNames(("B", "A"), ("C",)), FeatureNames(("A",), ("B", "C")), FeatureNames(("A", "B", "C"), ())]
    assert len({names.id, *(other.id for other in others)}) == 4


def test_features_outside_the_feature_set_are_named_together(decision):
    record = decision(features={"A": 1.0, "X": 1.0, "Y": "y"}, feature_names=FeatureNames(("A",), ()))
    with pytest.raises(DecisionError, match=r"2 features outside its feature set \w{16}: X, Y; expected") as caught:
        record.to_json()
    assert caught.value.fields == {"unknown": ["X", "Y"]}


def test_names_are_found_by_what_they_hold():
    names = FeatureNames.of([{"B": 1, "A": 0.5, "T": "x"}, {"M": None, "B": "text", "C": -1}])
    assert names == FeatureNames(("A", "B", "C"), ("B", "T"))


@pytest.mark.parametrize("value", [1.5, "text"])
def test_a_name_of_both_kinds_keeps_its_value(value):
    names = FeatureNames(("A", "B"), ("B", "C"))
    row = names.row({"B": value})
    assert [place for place in row if place == value] == [value]
    assert names.features([value if place == value else None for place in row[:2]], row[2:]) == {"B": value}
