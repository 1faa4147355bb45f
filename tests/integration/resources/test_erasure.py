"""A client leaves the log, the archive, the online features and the files of the service; the decisions stay."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from resources import schema
from resources.decision_archive import DecisionArchive
from resources.decision_table import records_of
from resources.erasure import Eraser
from resources.idempotency import insert_once
from resources.lake import Lake
from resources.prediction_log import ErasedError, IdempotencyKey, PredictionLog
from resources.retention import drop_old_partitions

TODAY = date(2026, 11, 22)
CLIENT, OTHER = 100_001, 100_002
MARCH, OCTOBER, NOVEMBER = (datetime(2026, month, 5, 9, tzinfo=UTC) for month in (3, 10, 11))
REASON = {"code": "EXT", "reason": "a sentence", "feature": "A", "value": 1.5, "direction": "refusal"}


@pytest.fixture
def archive(postgres, tmp_path):
    with postgres.connect() as connection:
        schema.ensure_partitions(connection, MARCH.date(), TODAY)
    return DecisionArchive(postgres, Lake(str(tmp_path / "lake")))


@pytest.fixture
def log(archive):
    return PredictionLog(archive.database, archive)


@pytest.fixture
def eraser(archive, tmp_path):
    for name in ("journal", "answers"):
        (tmp_path / name).mkdir()
    return Eraser(archive, tmp_path / "journal", tmp_path / "answers")


@pytest.fixture
def records(archive, decision):
    """Two clients' decisions: dropped ones of March, archived ones of October, live ones of November."""
    made = [
        decision(
            sk_id_curr=client,
            created_at=moment + timedelta(minutes=client - CLIENT),
            features={"AMT_CREDIT": 406_597.25, "NAME": "Trade"},
            reasons=[REASON],
            idempotency=IdempotencyKey(f"k:{moment.month}:{client}", "0" * 64),
        )
        for moment in (MARCH, OCTOBER, NOVEMBER)
        for client in (CLIENT, OTHER)
    ]
    with archive.database.connect(autocommit=True) as connection:
        insert_once(connection, made)
    for day in (MARCH, OCTOBER):
        archive.archive(day.date())
    assert drop_old_partitions(archive, TODAY, 3).dropped["decisions_2026_03"] == 2
    return made


def erase(eraser, client=CLIENT):
    found = eraser.find(client)
    eraser.erase(client, found, by="an operator")
    return found


def query(archive, statement, *parameters):
    with archive.database.connect() as connection:
        return connection.execute(statement, parameters).fetchall()


def test_a_client_is_found_wherever_it_is(eraser, records):
    assert records
    found = eraser.find(CLIENT)
    assert found.live == {OCTOBER.date(): 1, NOVEMBER.date(): 1}
    assert {state.day: n for state, n in found.archived.items()} == {MARCH.date(): 1, OCTOBER.date(): 1}
    assert (found.n_decisions, len(found.days)) == (3, 3)
    assert not eraser.find(7).anything


def test_nothing_names_an_erased_client_and_its_decisions_stay(archive, eraser, records):
    erase(eraser)
    kept = query(
        archive,
        "SELECT prediction_id, sk_id_curr, probability, decision, threshold, model_version, features, reasons"
        " FROM credit.predictions WHERE sk_id_curr IS NULL ORDER BY created_at",
    )
    skeleton = [(r.prediction_id, None, r.probability, r.decision, r.threshold, r.model_version) for r in records[2::2]]
    assert kept == [(*fields, {}, [{"code": "EXT"}]) for fields in skeleton]
    for state in archive.archived():
        file = pq.read_table(archive.lake.local_path(state.address))
        assert file["sk_id_curr"].to_pylist() == [None, OTHER]
        assert file["numbers"].to_pylist() == [{"AMT_CREDIT": None}, {"AMT_CREDIT": 406_597.25}]
        assert file["texts"].to_pylist() == [{"NAME": None}, {"NAME": "Trade"}]
        assert [orjson.loads(text) for text in file["reasons"].to_pylist()] == [[{"code": "EXT"}], [REASON]]
        assert file["n_features_missing"].to_pylist() == [None, 2]


def test_the_files_that_held_the_client_are_gone(archive, eraser, records):
    assert records
    before = {state.address for state in archive.archived()}
    erase(eraser)
    after = {state.address for state in archive.archived()}
    assert {file.name for file in archive.lake.files("predictions")} == after
    assert not before & after
    assert archive.due(OCTOBER.date()) == []


def test_models_forget_whose_outcomes_they_were_trained_on(archive, eraser, records):
    known = pd.DataFrame({"prediction_id": [str(r.prediction_id) for r in records[:2]], "SK_ID_CURR": [CLIENT, OTHER]})
    for version in ("1", "2"):
        archive.lake.write_frame(f"models/{version}/outcomes.parquet", known.assign(target=[1, 0]))
    archive.lake.write_frame("models/3/outcomes.parquet", known.drop(columns="SK_ID_CURR"))
    found = erase(eraser)
    assert found.trained_on == {"models/1/outcomes.parquet": 1, "models/2/outcomes.parquet": 1}
    for version in ("1", "2"):
        left = archive.lake.read_frame(f"models/{version}/outcomes.parquet")
        assert left["SK_ID_CURR"].isna().tolist() == [True, False]
        assert left.drop(columns="SK_ID_CURR").equals(known.assign(target=[1, 0]).drop(columns="SK_ID_CURR"))
        assert left["SK_ID_CURR"].iloc[1] == OTHER
    assert not eraser.find(CLIENT).anything


def test_an_erased_decision_says_that_it_is(log, eraser, records):
    erase(eraser)
    for record in records[::2]:
        with pytest.raises(ErasedError, match=f"{record.prediction_id}, whose client was erased"):
            log.get(record.prediction_id)
    for record in records[1::2]:
        assert log.get(record.prediction_id).sk_id_curr == OTHER


def test_frames_and_records_leave_erased_decisions_out(log, eraser, records):
    erase(eraser)
    for moment, record in zip((MARCH, OCTOBER, NOVEMBER), records[1::2], strict=True):
        day = moment.date()
        assert log.features_of(day).to_dict("records") == [record.features]
        assert [left.prediction_id for left in log.decisions_of(day)] == [record.prediction_id]
    assert [len(frame) for _, frame in log.features_between(MARCH.date(), TODAY)] == [1, 1, 1]
    assert len(list(log.sample(50, seed=1))) == 3


def test_the_frame_of_decisions_keeps_erased_ones_without_their_client(log, eraser, records):
    erase(eraser)
    frame = log.decisions_frame(MARCH.date(), TODAY)
    assert frame["prediction_id"].tolist() == [record.prediction_id for record in records]
    assert frame["sk_id_curr"].isna().tolist() == [True, False] * 3
    assert frame["probability"].tolist() == [record.probability for record in records]


def test_a_key_of_an_erased_decision_is_free(archive, eraser, records):
    assert records
    erase(eraser)
    keys = {key for (key,) in query(archive, "SELECT key FROM credit.idempotency_keys")}
    assert f"k:11:{CLIENT}" not in keys
    assert f"k:11:{OTHER}" in keys


def test_an_erasure_is_on_record_without_the_client(archive, eraser, records):
    assert records
    erase(eraser)
    rows = query(
        archive, "SELECT erased_by, n_decisions, n_archived, n_files, n_online, n_answers FROM credit.erasures"
    )
    assert rows == [("an operator", 3, 2, 2, 0, 0)]
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        query(archive, "DELETE FROM credit.erasures")


def test_erasing_again_finds_nothing(eraser, records):
    assert records
    erase(eraser)
    assert not eraser.find(CLIENT).anything


def test_an_erasure_that_was_stopped_is_completed_by_the_next(eraser, records, monkeypatch):
    assert records
    with monkeypatch.context() as patch:
        patch.setattr(DecisionArchive, "replace", lambda *_, **__: pytest.fail("stopped"))
        with pytest.raises(pytest.fail.Exception, match="stopped"):
            erase(eraser)
    found = erase(eraser)
    # November is done, the files are not.
    assert {state.day for state in found.archived} == {MARCH.date(), OCTOBER.date()}
    assert not eraser.find(CLIENT).anything


def test_a_stale_archive_keeps_its_late_decisions_through_an_erasure(archive, eraser, records, decision):
    late = decision(sk_id_curr=OTHER, created_at=OCTOBER + timedelta(hours=1))
    with archive.database.connect(autocommit=True) as connection:
        insert_once(connection, [late])
    erase(eraser)
    assert archive.due(OCTOBER.date()) == [OCTOBER.date()]
    archive.archive(OCTOBER.date())
    (state,) = (state for state in archive.archived() if state.day == OCTOBER.date())
    assert [r.prediction_id for r in records_of(archive.file(state))] == [records[3].prediction_id, late.prediction_id]


def test_online_features_of_the_client_go(archive, eraser):
    with archive.database.connect() as connection:
        connection.execute("CREATE TABLE credit.online_features_v1 (sk_id_curr bigint, numbers float8[], texts text[])")
        connection.execute(
            "INSERT INTO credit.online_features_v1 VALUES (%s, '{1}', '{}'), (%s, '{2}', '{}')", [CLIENT, OTHER]
        )
        connection.execute(
            "INSERT INTO credit.online_feature_loads (feature_version, code_version, relation, number_names,"
            " text_names, n_clients, n_bytes) VALUES ('v1', 'c', 'online_features_v1', '{A}', '{}', 2, 1)"
        )
    assert erase(eraser).online == 1
    assert query(archive, "SELECT sk_id_curr FROM credit.online_features_v1") == [(OTHER,)]


def test_answers_of_the_client_are_blanked_where_they_stand(eraser, tmp_path, decision):
    lines = [decision(sk_id_curr=client, features={}).to_json() for client in (OTHER, CLIENT, CLIENT * 10)]
    file = tmp_path / "answers" / "1.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines) + lines[1])
    assert erase(eraser).answers == {file: 2}
    blank = b" " * len(lines[1])
    assert file.read_bytes() == lines[0] + b"\n" + blank + b"\n" + lines[2] + b"\n" + blank


def test_decisions_that_wait_in_a_journal_are_named_and_left(eraser, tmp_path, decision):
    line = decision(sk_id_curr=CLIENT).to_json() + b"\n"
    waiting, refused = (tmp_path / "journal" / name for name in ("1.jsonl", "1.jsonl.refused"))
    for file in (waiting, refused):
        file.write_bytes(line)
    found = erase(eraser)
    assert (found.waiting, found.answers) == ({waiting: 1}, {refused: 1})
    assert waiting.read_bytes() == line
    assert refused.read_bytes().strip() == b""


def test_the_old_rows_are_gone_from_the_pages(archive, eraser, records):
    assert records
    erase(eraser)
    dead = "SELECT pg_stat_force_next_flush(), n_dead_tup FROM pg_stat_user_tables WHERE relname = 'decisions_2026_11'"
    query(archive, dead)
    assert [row[1] for row in query(archive, dead)] == [0]
