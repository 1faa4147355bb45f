"""Days of decisions in the lake: what comes back is what PostgreSQL held, wherever it is asked for."""

import math
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from resources import decision_archive, schema
from resources.archived_days import moment_of
from resources.decision_archive import DecisionArchive
from resources.decision_record import DecisionError
from resources.decision_table import digest, feature_columns, frame_of, records_of
from resources.lake import Lake
from resources.prediction_log import FeatureNames, PredictionLog, insert_decisions
from resources.retention import drop_old_partitions

TODAY = date(2026, 11, 22)
# PostgreSQL's text holds no U+0000.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
FEATURES = st.dictionaries(TEXT, st.one_of(st.floats(allow_nan=False, allow_infinity=False), TEXT), max_size=6)
DAY = date(2026, 3, 5)
NAMES = FeatureNames(("A", "B"), ("T", "U"))
OTHERS = FeatureNames(("B", "C"), ("A",))
REASONS = [{"code": "EXT", "reason": "a sentence", "feature": "A", "value": 1.5, "direction": "refusal"}]


def id_at(moment: datetime) -> UUID:
    """A UUIDv7 of a moment, as the service makes it in that moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (uuid7().int & ((1 << 80) - 1)))


@pytest.fixture
def archive(postgres, tmp_path):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, date(2026, 1, 1), TODAY)
    return DecisionArchive(postgres, Lake(str(tmp_path / "lake")))


@pytest.fixture
def log(archive):
    return PredictionLog(archive.database, archive)


@pytest.fixture
def decided(archive, decision):
    """`decided(day, n)`: decisions of a day on record, every third of another feature set."""

    def make(day=DAY, n=7, **changes):
        start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        records = []
        for number in range(n):
            moment = start + timedelta(minutes=number)
            names = OTHERS if number % 3 == 2 else NAMES
            features = {"B": 0.1 * number} | ({"A": f"t{number}"} if names is OTHERS else {"A": -0.0, "T": "x"})
            fields = {"prediction_id": id_at(moment), "created_at": moment, "sk_id_curr": 100_001 + number}
            fields |= {"features": features, "feature_names": names, "reasons": REASONS}
            records.append(decision(**(fields | changes)))
        with archive.database.connect() as connection:
            insert_decisions(connection, records)
        return records

    return make


def drop(archive, months=3, today=TODAY):
    return drop_old_partitions(archive, today, months)


def execute(archive, statement, parameters=()):
    with archive.database.connect() as connection:
        connection.execute(statement, parameters)


def test_a_day_comes_back_from_its_file_as_it_was(archive, decided):
    records = decided()
    state = archive.archive(DAY)
    table = archive.file(state)
    assert list(records_of(table)) == records
    assert (state.n_rows, state.n_live, state.dropped_at) == (7, 7, None)
    assert state.verified_at is not None
    assert state.n_bytes == archive.lake.local_path(state.address).stat().st_size
    numbers = feature_columns(table, "numbers")
    assert struct.pack("d", numbers["A"][0].as_py()) == struct.pack("d", -0.0)


def test_the_frame_of_a_file_is_that_of_the_database(archive, log, decided):
    decided()
    live = log.features_of(DAY)
    pd.testing.assert_frame_equal(frame_of(archive.file(archive.archive(DAY))), live)


def test_a_number_that_is_nan_in_the_log_is_nan_in_the_file_and_one_that_is_missing_is_missing(archive, decided):
    (record,) = decided(n=1, features={"A": 1.5}, feature_names=FeatureNames(("A", "B", "C"), ()))
    execute(archive, "UPDATE credit.decisions SET numbers = ARRAY['NaN', NULL, 2]::float8[]")
    numbers = feature_columns(archive.file(archive.archive(DAY)), "numbers")
    stored = [numbers[name][0].as_py() for name in ("A", "B", "C")]
    assert math.isnan(stored[0])
    assert stored[1:] == [None, 2.0]
    assert record.created_at.date() == DAY


def test_columns_of_the_file_are_typed_and_sorted(archive, decided):
    decided()
    file = pq.read_table(archive.lake.local_path(archive.archive(DAY).address))
    assert str(file.schema.field("numbers").type) == "struct<A: double, B: double, C: double>"
    assert str(file.schema.field("texts").type) == "struct<T: string, U: string, A: string>"
    assert file["created_at"].to_pylist() == sorted(file["created_at"].to_pylist())


@pytest.mark.parametrize("features", [{}, {"A": 1.5}, {"T": "x"}])
def test_a_day_may_lack_numbers_or_texts(archive, decided, features):
    records = decided(n=2, features=features, feature_names=FeatureNames.of([features]))
    assert list(records_of(archive.file(archive.archive(DAY)))) == records


def test_archiving_again_changes_nothing(archive, decided):
    decided()
    first = archive.archive(DAY)
    assert archive.due(TODAY) == []
    assert archive.archive(DAY) == first
    assert len(archive.lake.files("predictions")) == 1


def test_a_day_without_decisions_is_not_archived(archive):
    assert archive.archive(DAY) is None
    assert archive.due(TODAY) == []


def test_late_decisions_make_a_day_due_and_its_file_is_written_anew(archive, decided):
    early = decided()
    first = archive.archive(DAY)
    late = decided(n=1, sk_id_curr=9)
    assert archive.due(TODAY) == [DAY]
    second = archive.archive(DAY)
    assert {record.prediction_id for record in records_of(archive.file(second))} == {
        record.prediction_id for record in early + late
    }
    assert [file.name for file in archive.lake.files("predictions")] == [second.address]
    assert first.sha256 != second.sha256


def test_what_a_file_holds_is_not_lost_to_a_database_that_lost_it(archive, decided):
    records = decided()
    archive.archive(DAY)
    execute(archive, "DELETE FROM credit.decisions WHERE sk_id_curr = 100001")
    assert list(records_of(archive.file(archive.archive(DAY)))) == records


def test_a_file_that_does_not_hold_what_was_written_is_not_recorded(archive, decided, monkeypatch):
    decided()
    write = decision_archive.pq.write_table
    monkeypatch.setattr(decision_archive.pq, "write_table", lambda rows, *a, **k: write(rows.slice(1), *a, **k))
    with pytest.raises(DecisionError, match=r"6 decisions read back .* expected the 7 decisions of the database"):
        archive.archive(DAY)
    assert (archive.archived(), archive.lake.files("predictions")) == ([], [])


def test_the_digest_is_of_the_rows_and_not_of_their_storage(archive, decided):
    decided()
    live = archive.live(DAY)
    in_chunks = archive.file(archive.archive(DAY)).slice(0, 3)
    assert digest(live.slice(0, 3)) == digest(in_chunks)
    assert digest(live) != digest(live.slice(1))


def test_a_month_is_dropped_when_every_day_of_it_is_archived(archive, log, decided):
    records = decided()
    archive.archive(DAY)
    assert drop(archive).dropped["decisions_2026_03"] == 7
    with archive.database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM credit.decisions").fetchone() == (0,)
        assert connection.execute("SELECT to_regclass('credit.decisions_2026_03')").fetchone() == (None,)
    assert log.count() == 7
    assert archive.archived()[0].dropped_at is not None
    assert list(log.decisions_of(DAY)) == records


def test_a_month_with_a_day_that_is_not_archived_stays(archive, log, decided):
    decided()
    archive.archive(DAY)
    decided(DAY + timedelta(days=1), n=1)
    done = drop(archive)
    assert "2026-03-06" in done.kept["decisions_2026_03"]
    assert "decisions_2026_03" not in done.dropped
    assert log.count() == 8


def test_a_month_whose_file_is_gone_or_cut_short_stays(archive, decided):
    decided()
    state = archive.archive(DAY)
    file = archive.lake.local_path(state.address)
    file.write_bytes(file.read_bytes()[:-1])
    assert "1 days are not in the archive" in drop(archive).kept["decisions_2026_03"]
    file.unlink()
    assert "1 days are not in the archive" in drop(archive).kept["decisions_2026_03"]


def test_a_month_within_the_retention_stays(archive, decided):
    decided()
    archive.archive(DAY)
    # March ended seven whole months before November.
    assert "decisions_2026_03" not in drop(archive, months=8).dropped
    assert "decisions_2026_03" in drop(archive, months=7).dropped


def test_a_month_stays_while_a_reader_does_not_let_go(archive, decided, monkeypatch):
    monkeypatch.setattr("resources.retention.ATTEMPTS", 2)
    monkeypatch.setattr("resources.retention.PAUSE_S", 0.01)
    decided()
    archive.archive(DAY)
    with archive.database.connect() as reader:
        reader.execute("SELECT count(*) FROM credit.decisions")
        assert "did not end" in drop(archive).kept["decisions_2026_03"]
    assert archive.archived()[0].dropped_at is None


@pytest.fixture
def dropped(archive, decided):
    """Decisions of two days in March that are in the lake alone, and of one in October."""
    records = [*decided(), *decided(DAY + timedelta(days=2), n=3)]
    recent = decided(date(2026, 10, 1), n=2)
    for day in archive.due(TODAY):
        archive.archive(day)
    assert sum(drop(archive).dropped.values()) == 10
    return records, recent


def test_a_dropped_decision_is_found_by_its_id(log, dropped):
    for record in dropped[0]:
        assert log.get(record.prediction_id) == record
    assert log.get(id_at(datetime(2026, 3, 5, 9, tzinfo=UTC))) is None
    assert log.get(UUID(int=0)) is None


def test_an_id_that_tells_no_day_is_found_in_the_days_that_hold_such(archive, log, decided, dropped):
    assert dropped
    with archive.database.connect() as connection:
        schema.ensure_partitions(connection, DAY, DAY)
    (record,) = decided(date(2026, 3, 9), n=1, prediction_id=UUID(int=77))
    assert archive.archive(date(2026, 3, 9)).ids_tell_day is False
    drop(archive)
    assert log.get(UUID(int=77)) == record


def test_a_decision_that_was_stamped_after_midnight_is_found_by_an_id_from_before(archive, log, decided):
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    (record,) = decided(n=1, prediction_id=id_at(midnight - timedelta(milliseconds=1)), created_at=midnight)
    assert archive.archive(DAY).ids_tell_day is True
    drop(archive)
    assert log.get(record.prediction_id) == record


def test_moments_of_archived_decisions_are_found_without_their_features(archive, dropped):
    records, recent = dropped
    wanted = [record.prediction_id for record in (records[0], records[-1], recent[0])]
    moments = archive.decided_at([*wanted, UUID(int=0)], archive.dropped(DAY, TODAY))
    # Those of October are in PostgreSQL, and are asked for there.
    assert moments == {record.prediction_id: record.created_at for record in (records[0], records[-1])}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FEATURES, min_size=1, max_size=6), st.integers(0, 300))
def test_any_features_come_back_to_the_same_bits(archive, decision, sent, days):
    day = date(2026, 1, 1) + timedelta(days=days)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    with archive.database.connect() as connection:
        connection.execute("TRUNCATE credit.decisions, credit.decision_archives")
        insert_decisions(connection, [decision(created_at=noon, features=features) for features in sent])
    live = {record.prediction_id: record for record in records_of(archive.live(day))}
    stored = {record.prediction_id: record for record in records_of(archive.file(archive.archive(day)))}
    assert stored == live
    assert sorted(map(bits, (record.features for record in stored.values()))) == sorted(map(bits, sent))


def bits(features):
    """Values by name, numbers as their 64 bits."""
    return sorted((n, v.encode() if isinstance(v, str) else struct.pack("d", v)) for n, v in features.items())


def test_one_row_group_is_read_for_a_decision(archive, log, decided, monkeypatch):
    monkeypatch.setattr(decision_archive, "ROW_GROUP_ROWS", 3)
    records = decided()
    archive.archive(DAY)
    drop(archive)
    read = []
    original = pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_group", lambda self, i, *a, **k: (read.append(i), original(self, i, *a, **k))[1]
    )
    assert log.get(records[4].prediction_id) == records[4]
    assert set(read) == {1}


def test_frames_of_a_range_join_archived_and_live_days_in_order(log, dropped):
    archived, recent = dropped
    days = dict(log.features_between(date(2026, 1, 1), TODAY))
    assert list(days) == [DAY, DAY + timedelta(days=2), date(2026, 10, 1)]
    assert [len(frame) for frame in days.values()] == [7, 3, 2]
    assert days[DAY]["B"].tolist() == [record.features["B"] for record in archived[:7]]
    pd.testing.assert_frame_equal(days[DAY], log.features_of(DAY))
    assert days[date(2026, 10, 1)]["B"].tolist() == [record.features["B"] for record in recent]


def test_the_frame_of_decisions_joins_archived_and_live_days(log, dropped):
    frame = log.decisions_frame(DAY, TODAY)
    records = [*dropped[0], *dropped[1]]
    assert frame["prediction_id"].tolist() == [record.prediction_id for record in records]
    assert frame["created_at"].tolist() == [record.created_at for record in records]
    assert frame.dtypes.astype(str).to_dict() == {
        "prediction_id": "object",
        "created_at": "datetime64[us, UTC]",
        "sk_id_curr": "Int64",
        "probability": "float64",
        "prediction": "int64",
        "decision": "object",
        "threshold": "float64",
        "model_version": "object",
        "inference_time_ms": "float64",
        "n_features_missing": "Int64",
    }
    assert log.decisions_frame(date(2020, 1, 1), date(2020, 1, 1)).empty


def test_counts_and_samples_reach_dropped_days(log, dropped):
    records = {record.prediction_id: record for part in dropped for record in part}
    assert log.count_by_day(DAY, TODAY) == {DAY: 7, DAY + timedelta(days=2): 3, date(2026, 10, 1): 2}
    assert log.count() == 12
    assert {record.prediction_id: record for record in log.sample(50, seed=1)} == records
    assert len(list(log.sample(5, seed=1))) == 5


def test_a_decision_that_comes_late_to_a_dropped_month_joins_its_day(archive, log, decided, dropped):
    with archive.database.connect() as connection:
        schema.ensure_partitions(connection, DAY, DAY)
    (late,) = decided(n=1, sk_id_curr=5)
    wanted = {record.prediction_id for record in dropped[0][:7]} | {late.prediction_id}
    assert archive.due(TODAY) == [DAY]
    for _ in range(2):
        assert {record.prediction_id for record in log.decisions_of(DAY)} == wanted
        assert len(log.features_of(DAY)) == len(log.decisions_frame(DAY, DAY)) == log.count_by_day(DAY, DAY)[DAY] == 8
        archive.archive(DAY)
    assert drop(archive).dropped["decisions_2026_03"] == 1
    assert {record.prediction_id for record in log.decisions_of(DAY)} == wanted


def test_a_file_that_is_gone_is_named(archive, log, dropped):
    assert dropped
    archive.lake.remove(archive.archived()[0].address)
    with pytest.raises(DecisionError, match=r"no file predictions/2026-03-05/.* restore the file from a backup"):
        log.features_of(DAY)


def test_a_file_that_was_replaced_while_it_was_looked_up_is_read_from_its_new_place(archive, dropped):
    state = archive.archived()[0]
    rows = archive.file(state)
    with archive.locked(DAY) as connection:
        archive.replace(connection, DAY, rows.slice(1), state, n_live=0)
    assert archive.file(replace(state)).num_rows == 6
    assert dropped


def test_the_moment_of_an_id_is_that_of_a_uuid7_alone():
    moment = datetime(2026, 3, 5, 9, 0, 0, 123_000, tzinfo=UTC)
    assert moment_of(id_at(moment)) == moment
    assert moment_of(UUID(int=0)) is None
    assert moment_of(UUID("ffffffff-ffff-7fff-8fff-ffffffffffff")) is None
