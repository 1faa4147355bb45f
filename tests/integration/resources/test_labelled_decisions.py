"""Decisions with their outcomes, in real PostgreSQL."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from uuid_utils.compat import uuid7

from credit_risk.labels import APPROVED, AT_RANDOM, OVERRULED
from resources import schema
from resources.archived_days import days_told_by
from resources.decision_archive import DecisionArchive
from resources.labelled_decisions import LabelledDecisions
from resources.lake import Lake
from resources.outcomes import Outcome, record_outcomes
from resources.prediction_log import DecisionRecord, FeatureNames, PredictionLog, insert_decisions
from resources.retention import drop_old_partitions

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=90)
NAMES = FeatureNames(("AMT", "RATIO"), ("JOB",))
OLDER = FeatureNames(("AMT",), ())


@pytest.fixture
def labelled(postgres):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, DAY, DAY + timedelta(days=1))
    return LabelledDecisions(postgres, PredictionLog(postgres))


def decided(
    labelled, *, names=NAMES, decision="APPROVED", at=NOON, target=1, observed_at=LATER, made_at=None, **features
):
    """Store one decision and its outcome; returns its id."""
    record = DecisionRecord(
        prediction_id=uuid7() if made_at is None else made(made_at), created_at=at,
        sk_id_curr=7, probability=0.1, prediction=0, decision=decision,
        threshold=0.2, model_version="1", inference_time_ms=0.3, n_features_missing=0, features=features,
        feature_names=names,
    )  # fmt: skip
    with labelled.database.connect() as connection:
        insert_decisions(connection, [record])
    if target is not None:
        outcome(labelled, record.prediction_id, target, observed_at)
    return record.prediction_id


def made(moment):
    """An id of its own, made at a moment, as the service makes them."""
    random = uuid.uuid4().int & ((1 << 62) - 1)
    return uuid.UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | random)


def outcome(labelled, prediction_id, target, observed_at=LATER):
    with labelled.database.connect() as connection:
        record_outcomes(connection, [Outcome(prediction_id, target, observed_at)])


def read(labelled, until=LATER):
    return list(labelled.matured(until))


def test_a_decision_comes_with_its_day_its_features_and_its_outcome(labelled):
    each = decided(labelled, AMT=2.5, JOB="clerk")
    decided(labelled, target=None, AMT=1.0)
    (frame,) = read(labelled)
    assert frame.columns.tolist() == [
        "prediction_id",
        "SK_ID_CURR",
        "decided_on",
        "admitted",
        "target",
        *["AMT", "RATIO", "JOB"],
    ]
    (row,) = frame.to_dict(orient="records")
    assert (row["prediction_id"], row["SK_ID_CURR"], row["decided_on"], row["target"]) == (each, 7, DAY, 1)
    assert (row["AMT"], row["JOB"]) == (2.5, "clerk")
    assert frame["RATIO"].isna().all()


def test_feature_sets_and_days_come_in_frames_of_their_own(labelled):
    decided(labelled, AMT=1.0)
    decided(labelled, names=OLDER, AMT=2.0)
    decided(labelled, at=NOON + timedelta(days=1), AMT=3.0)
    found = [(frame["decided_on"].iloc[0], "JOB" in frame.columns, len(frame)) for frame in read(labelled)]
    assert sorted(found) == [(DAY, False, 1), (DAY, True, 1), (DAY + timedelta(days=1), True, 1)]


def test_the_newest_outcome_holds_and_one_observed_later_is_not_there_yet(labelled):
    corrected = decided(labelled, target=1, AMT=1.0)
    outcome(labelled, corrected, 0)
    decided(labelled, observed_at=LATER + timedelta(days=1), AMT=2.0)
    (frame,) = read(labelled)
    assert frame["target"].tolist() == [0]


def test_how_an_applicant_came_to_have_an_outcome_is_told(labelled):
    ids = {
        APPROVED: decided(labelled, AMT=1.0),
        AT_RANDOM: decided(labelled, decision="REFUSED", AMT=2.0),
        OVERRULED: decided(labelled, decision="REFUSED", AMT=3.0),
    }
    with labelled.database.connect() as connection:
        connection.execute(
            "INSERT INTO credit.random_approvals (prediction_id, share, author) VALUES (%s, 0.1, 'ada')",
            [ids[AT_RANDOM]],
        )
    (frame,) = read(labelled)
    assert dict(zip(frame["admitted"], frame["prediction_id"], strict=True)) == ids


def test_a_month_that_left_the_database_is_read_from_the_archive_as_before(labelled, tmp_path):
    archive = DecisionArchive(labelled.database, Lake(str(tmp_path)))
    for number in range(3):
        decided(labelled, at=NOON, made_at=NOON, AMT=float(number), JOB="clerk")
    decided(labelled, made_at=NOON, names=OLDER, AMT=9.0)
    before = [frame.sort_values("AMT", ignore_index=True) for frame in read(labelled)]
    archive.archive(DAY)
    assert drop_old_partitions(archive, DAY + timedelta(days=365), months=1).dropped["decisions_2026_11"] == 4
    archived = LabelledDecisions(labelled.database, PredictionLog(labelled.database, archive))
    after = [frame.sort_values("AMT", ignore_index=True) for frame in read(archived)]
    assert sorted(map(len, after)) == sorted(map(len, before)) == [1, 3]
    for one, other in zip(sorted(before, key=len), sorted(after, key=len), strict=True):
        pd.testing.assert_frame_equal(one, other[one.columns])


def test_erased_clients_teach_nothing(labelled):
    decided(labelled, AMT=1.0)
    with labelled.database.connect() as connection:
        connection.execute(
            "UPDATE credit.decisions"
            " SET sk_id_curr = NULL, numbers = '{}', texts = '{}', reasons = '[]', erased_at = now()"
        )
    assert read(labelled) == []


def test_outcomes_of_decisions_that_nobody_knows_are_left_out(labelled):
    outcome(labelled, uuid7(), 1)
    assert read(labelled) == []


def test_without_outcomes_there_is_nothing_to_read(labelled):
    decided(labelled, target=None, AMT=1.0)
    assert read(labelled) == []


def test_an_id_tells_its_day_and_around_midnight_two():
    assert days_told_by(made(NOON)) == {DAY}
    assert days_told_by(made(datetime(2026, 11, 20, 23, 59, 59, 500000, tzinfo=UTC))) == {
        DAY,
        DAY + timedelta(days=1),
    }
    assert days_told_by(uuid.uuid4()) == set()
