"""Idempotency keys in PostgreSQL: one key, one decision, whoever comes second."""

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from resources.idempotency import KEPT, find_answers, forget_old_keys, insert_answered, insert_once
from resources.prediction_log import IdempotencyKey, PredictionLog

REASONS = [{"code": "AA01", "reason": "Too little", "feature": "AMT_CREDIT", "value": 0.1, "contribution": 1 / 3}]


@pytest.fixture
def connection(postgres):
    with postgres.connect(autocommit=True) as connection:
        yield connection


@pytest.fixture
def keyed(decision):
    """`keyed("key")`: a new decision under a key."""
    return lambda key, request="a" * 64, **changes: decision(idempotency=IdempotencyKey(key, request), **changes)


def stored_ids(postgres):
    with postgres.connect() as connection:
        return {row[0] for row in connection.execute("SELECT prediction_id FROM credit.predictions")}


def test_a_key_that_is_free_is_taken_with_its_decision(connection, postgres, keyed, decision):
    first, other = keyed("a"), decision()
    inserted = insert_once(connection, [first, other])
    assert (inserted.n_new, inserted.answered_before) == (2, {})
    assert stored_ids(postgres) == {first.prediction_id, other.prediction_id}


def test_a_key_that_is_taken_keeps_its_decision_and_the_others_of_the_batch_go_in(
    connection, postgres, keyed, decision
):
    first = keyed("a", probability=1 / 3, reasons=REASONS)
    insert_once(connection, [first])
    late, other = keyed("a"), decision()
    inserted = insert_once(connection, [late, other])
    answer = inserted.answered_before[late.prediction_id]
    assert (answer.prediction_id, answer.created_at) == (first.prediction_id, first.created_at)
    assert (answer.probability, answer.reasons) == (first.probability, first.reasons)
    assert answer.idempotency == first.idempotency
    assert stored_ids(postgres) == {first.prediction_id, other.prediction_id}


def test_one_key_twice_in_a_batch_is_one_decision(connection, postgres, keyed):
    batch = [keyed("a"), keyed("a")]
    inserted = insert_once(connection, batch)
    assert inserted.n_new == len(inserted.answered_before) == len(stored_ids(postgres)) == 1


def test_a_batch_that_fails_leaves_its_keys_free(connection, keyed):
    with pytest.raises(psycopg.errors.CheckViolation):
        insert_once(connection, [keyed("a"), keyed("b", probability=2.0)])
    assert find_answers(connection, ["a", "b"]) == {}
    assert insert_once(connection, [keyed("a")]).n_new == 1


def test_of_many_workers_with_one_key_one_decides_and_all_get_its_answer(postgres, keyed):
    answers, barrier = [], threading.Barrier(4)

    def work():
        with postgres.connect(autocommit=True) as connection:
            barrier.wait()
            for key in "abcdefghij":
                record = keyed(key)
                before = insert_once(connection, [record]).answered_before
                answers.append((key, before.get(record.prediction_id, record).prediction_id))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 40
    assert len(set(answers)) == 10
    assert stored_ids(postgres) == {prediction_id for _, prediction_id in answers}


def test_what_was_answered_is_recorded_even_when_its_key_belongs_to_another(connection, postgres, keyed):
    first, twice = keyed("a"), keyed("a")
    insert_once(connection, [first])
    assert insert_answered(connection, [twice, keyed("b")]) == [twice]
    assert len(stored_ids(postgres)) == 3
    assert find_answers(connection, ["a"])["a"].prediction_id == first.prediction_id


def test_what_was_answered_can_be_sent_again(connection, postgres, keyed):
    records = [keyed("a"), keyed("b")]
    for _ in range(2):
        assert insert_answered(connection, records) == []
    assert stored_ids(postgres) == {record.prediction_id for record in records}


def test_a_key_that_outlived_its_decision_has_no_answer(connection, keyed):
    insert_once(connection, [keyed("a")])
    connection.execute("TRUNCATE credit.decisions")
    late = keyed("a")
    assert insert_once(connection, [late]).answered_before == {late.prediction_id: None}


def test_old_keys_are_forgotten_and_their_decisions_stay(connection, postgres, keyed):
    now = datetime.now(UTC)
    old, young = keyed("old", created_at=now - KEPT - timedelta(seconds=1)), keyed("young", created_at=now)
    insert_once(connection, [old, young])
    assert forget_old_keys(connection, now) == 1
    assert set(find_answers(connection, ["old", "young"])) == {"young"}
    assert PredictionLog(postgres).count() == 2
    assert timedelta(hours=24) <= KEPT
