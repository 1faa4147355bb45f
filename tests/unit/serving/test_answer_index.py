"""The answer index: what any process of this machine wrote is found, and nothing else."""

import pytest

from resources.prediction_log import IdempotencyKey
from serving.answer_index import AnswerIndex, key_number
from serving.answer_log import AnswerLog
from serving.journal import Journal


@pytest.fixture
def keyed(decision):
    return lambda key, **changes: decision(idempotency=IdempotencyKey(key, "a" * 64), **changes)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.prepare()
    return journal


@pytest.fixture
def answers(tmp_path):
    return AnswerLog(tmp_path / "answers")


@pytest.fixture
def index(journal, answers):
    return AnswerIndex((journal.directory, answers.directory))


def test_a_decision_in_the_journal_is_found_as_soon_as_it_is_there(index, journal, decision, keyed):
    assert index.find("a") is None
    first, second = keyed("a"), keyed("b")
    journal.append([decision(), first])
    assert index.find("a") == first
    journal.append([second])
    assert (index.find("a"), index.find("b"), index.find("c")) == (first, second, None)


def test_an_answer_that_was_logged_is_found(index, answers, keyed):
    record = keyed("a")
    answers.append([record])
    assert index.find("a").prediction_id == record.prediction_id


def test_a_restart_finds_what_was_there(index, journal, answers, keyed):
    journal.append([keyed("a")])
    answers.append([keyed("b")])
    journal.seal()
    answers.close()
    fresh = AnswerIndex((journal.directory, answers.directory))
    assert fresh.find("a") == index.find("a") is not None
    assert fresh.find("b") == index.find("b") is not None


def test_what_was_shipped_is_found_in_the_answer_log(index, journal, answers, keyed):
    record = keyed("a")
    journal.append([record])
    journal.seal()
    assert index.find("a") == record
    segment = journal.oldest()
    answers.append([record])
    journal.shipped(segment)
    segment.release()
    assert index.find("a").prediction_id == record.prediction_id


def test_what_is_gone_is_not_found(index, journal, keyed):
    journal.append([keyed("a")])
    journal.seal()
    index.refresh()
    segment = journal.oldest()
    journal.shipped(segment)
    segment.release()
    assert index.find("a") is None


def test_a_line_that_is_being_written_is_read_when_it_is_whole(index, journal, keyed):
    line = keyed("a").to_json() + b"\n"
    path = journal.directory / "00000000000000000001-00000000.jsonl"
    path.write_bytes(line[:-30])
    assert index.find("a") is None
    path.write_bytes(line)
    assert index.find("a") is not None


def test_a_batch_that_was_taken_back_is_not_found(index, journal, keyed):
    first, second = keyed("a").to_json() + b"\n", keyed("b").to_json() + b"\n"
    path = journal.directory / "00000000000000000001-00000000.jsonl"
    path.write_bytes(first + second)
    assert index.find("b") is not None
    path.write_bytes(first)
    assert index.find("b") is None
    assert index.find("a") is not None


def test_text_that_looks_like_a_key_is_none(index, journal, decision):
    fake = '"idempotency":{"key":"a","request_sha256":"b"}'
    journal.append([decision(features={"ORGANIZATION_TYPE": fake})])
    assert index.find("a") is None


def test_damaged_lines_answer_nobody(index, journal, keyed):
    whole = keyed("a")
    path = journal.directory / "00000000000000000001-00000000.jsonl"
    path.write_bytes(b'{"idempotency":{"key\n{"idempotency":{"key":3}}\n' + whole.to_json() + b"\n")
    assert index.find("a") == whole


def test_the_number_of_a_key_fits_a_file_offset():
    assert all(0 <= key_number(str(number)) < 2**62 for number in range(1000))
