"""The shipper: what waits in the journal reaches PostgreSQL, and what cannot is kept and counted."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from resources import schema
from resources.idempotency import find_answers
from resources.prediction_log import FeatureNames, IdempotencyKey, PredictionLog
from resources.settings import Settings
from serving.answer_index import AnswerIndex
from serving.answer_log import AnswerLog
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase
from serving.journal import Journal
from serving.journal_segment import REFUSED_SUFFIX, SET_ASIDE_SUFFIX
from serving.metrics import Metrics
from serving.recorder import Recorder
from serving.shipper import MAX_HAND_OVER, MAX_ROUNDS, Shipper


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal", max_segment_bytes=2000)
    journal.prepare()
    return journal


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def running_on(journal, metrics, tmp_path):
    """`with running_on(database) as (recorder, shipper):`; the test starts the shipper."""

    @contextmanager
    def run(postgres):
        settings = Settings(_env_file=None, DATABASE_URL=postgres.url, CREDIT_HOME=tmp_path)
        watchdog, answers = Watchdog(), AnswerLog(tmp_path / "answers")
        index = AnswerIndex((journal.directory, answers.directory))
        recorder = Recorder(journal, answers, watchdog, metrics)
        database = DecisionDatabase(settings, watchdog)
        shipper = Shipper(database, journal, answers, index, recorder, watchdog, metrics)
        loop = asyncio.new_event_loop()
        watchdog.start()
        recorder.start(loop)
        try:
            yield recorder, shipper
        finally:
            shipper.stop()
            recorder.close()
            watchdog.stop()
            loop.close()

    return run


@pytest.fixture
def running(running_on, postgres):
    with running_on(postgres) as parts:
        yield parts


def stored_order(postgres):
    # Rows lie in the order of their arrival in a table that nothing was deleted from.
    with postgres.connect() as connection:
        rows = connection.execute("SELECT prediction_id FROM credit.decisions ORDER BY ctid").fetchall()
    return [row[0] for row in rows]


def test_a_backlog_is_shipped_in_order(running, journal, postgres, decision, eventually):
    recorder, shipper = running
    waiting = [decision() for _ in range(40)]
    for record in waiting:
        journal.append([record])
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [record.prediction_id for record in waiting]
    assert journal.depth() == 0
    assert list(journal.directory.iterdir()) == []


def test_what_is_there_already_is_not_there_twice(running, journal, postgres, decision, eventually):
    recorder, shipper = running
    record = decision()
    journal.append([record, record])
    journal.seal()
    journal.append([record])
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [record.prediction_id]


def test_torn_lines_are_set_aside_and_counted(running, journal, postgres, metrics, decision, eventually):
    recorder, shipper = running
    record = decision()
    journal.append([record])
    (path,) = journal.directory.iterdir()
    journal.seal()
    with path.open("ab") as file:
        file.write(b'{"prediction_id":"01')
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [record.prediction_id]
    assert [left.name for left in journal.directory.iterdir()] == [path.name + SET_ASIDE_SUFFIX]
    assert metrics.registry.get_sample_value("credit_journal_set_aside_total") == 1


def test_a_decision_that_postgresql_never_takes_does_not_hold_back_the_rest(
    running, journal, postgres, metrics, decision, eventually
):
    recorder, shipper = running
    before, impossible, after = decision(), decision(features={"A": "\x00"}), decision()
    journal.append([before, impossible, after])
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [before.prediction_id, after.prediction_id]
    (left,) = journal.directory.iterdir()
    assert left.name.endswith(REFUSED_SUFFIX)
    assert left.read_bytes() == impossible.to_json() + b"\n"
    assert metrics.registry.get_sample_value("credit_journal_set_aside_total") == 1


def test_a_decision_that_contradicts_its_feature_set_does_not_hold_back_the_rest(
    running, journal, postgres, decision, eventually
):
    recorder, shipper = running
    wrong = decision(features={"A": "text"}, feature_names=FeatureNames(("A",), ()))
    after = decision()
    journal.append([wrong, after])
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [after.prediction_id]
    (left,) = journal.directory.iterdir()
    assert left.read_bytes() == wrong.to_json() + b"\n"


def test_decisions_of_a_month_that_has_left_postgresql_are_shipped_all_the_same(
    running, journal, postgres, metrics, decision, eventually
):
    recorder, shipper = running
    late = [decision(created_at=datetime(2024, month, 1, tzinfo=UTC)) for month in (1, 1, 12)]
    after = decision()
    journal.append([*late, after])
    shipper.start()
    eventually(lambda: recorder.connected)
    with postgres.connect() as connection:
        stored = connection.execute("SELECT prediction_id FROM credit.decisions").fetchall()
        assert {row[0] for row in stored} == {record.prediction_id for record in (*late, after)}
        made = connection.execute("SELECT month::text FROM credit.late_months ORDER BY 1").fetchall()
    assert made == [("2024-01-01",), ("2024-12-01",)]
    assert list(journal.directory.iterdir()) == []
    assert metrics.registry.get_sample_value("credit_journal_set_aside_total") == 0


def test_a_decision_stamped_by_a_wrong_clock_does_not_hold_back_the_rest(
    running, journal, postgres, decision, eventually
):
    recorder, shipper = running
    impossible, after = decision(created_at=datetime(2999, 1, 1, tzinfo=UTC)), decision()
    journal.append([impossible, after])
    shipper.start()
    eventually(lambda: recorder.connected)
    assert stored_order(postgres) == [after.prediction_id]
    (left,) = journal.directory.iterdir()
    assert left.read_bytes() == impossible.to_json() + b"\n"


def test_keys_of_what_is_shipped_are_known_afterwards(running, journal, postgres, decision, eventually, tmp_path):
    recorder, shipper = running
    record = decision(idempotency=IdempotencyKey("a", "b" * 64))
    journal.append([record])
    shipper.start()
    eventually(lambda: recorder.connected)
    with postgres.connect() as connection:
        assert find_answers(connection, ["a"])["a"].prediction_id == record.prediction_id
    assert AnswerIndex((tmp_path / "answers",)).find("a").prediction_id == record.prediction_id


def test_a_backlog_that_never_gets_small_does_not_hold_requests(running, journal, postgres, decision, eventually):
    recorder, shipper = running
    for _ in range(3):
        journal.append([decision() for _ in range(100)])
        journal.seal()
    ship, rounds = shipper._ship_backlog, []

    def ship_while_more_comes(connection, deadline_s):
        rounds.append(deadline_s)
        shipped = ship(connection, deadline_s)
        if len(rounds) < 2 * MAX_ROUNDS:
            journal.append([decision() for _ in range(MAX_HAND_OVER + 1)])
        return shipped

    shipper._ship_backlog = ship_while_more_comes
    shipper.start()
    eventually(lambda: recorder.connected)
    # What is left is shipped beside what is written.
    eventually(lambda: journal.depth() == 0 and len(rounds) >= 2 * MAX_ROUNDS)
    assert PredictionLog(postgres).count() == 300 + (2 * MAX_ROUNDS - 1) * (MAX_HAND_OVER + 1)


def test_orphans_are_shipped_while_nothing_else_is_wrong(running, journal, postgres, decision, eventually):
    recorder, shipper = running
    shipper.start()
    eventually(lambda: recorder.connected)
    orphan = decision()
    other = Journal(journal.directory)
    other.append([orphan])
    other.seal()
    eventually(lambda: PredictionLog(postgres).count() == 1)
    assert stored_order(postgres) == [orphan.prediction_id]


def test_a_database_without_tables_is_an_outage_that_ends_with_the_upgrade(
    running_on, empty_postgres, journal, decision, eventually
):
    journal.append([decision()])
    with running_on(empty_postgres) as (recorder, shipper):
        shipper.start()
        shipper.wait_for_first_look(10)
        assert not recorder.connected
        schema.upgrade(empty_postgres, datetime.now(UTC).date())
        eventually(lambda: recorder.connected)
    assert PredictionLog(empty_postgres).count() == 1
