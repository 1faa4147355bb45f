"""The answer log: short, bounded, and never a reason to fail."""

from dataclasses import replace

import orjson
import pytest

from resources.idempotency import NO_FEATURES
from resources.prediction_log import IdempotencyKey
from serving.answer_log import AnswerLog


@pytest.fixture
def keyed(decision):
    return lambda key: decision(idempotency=IdempotencyKey(key, "a" * 64))


def lines(directory):
    return [line for path in sorted(directory.iterdir()) for line in path.read_bytes().splitlines()]


def test_answers_are_kept_without_features_and_others_not_at_all(tmp_path, decision, keyed):
    log, answered = AnswerLog(tmp_path), keyed("a")
    log.append([decision(), answered])
    log.append([decision()])
    log.close()
    (line,) = lines(tmp_path)
    assert type(answered).from_json(line) == replace(answered, features={}, feature_names=NO_FEATURES)


def test_the_oldest_answers_go_when_there_are_too_many(tmp_path, keyed):
    log = AnswerLog(tmp_path, max_bytes=6000, max_file_bytes=1000)
    for number in range(40):
        log.append([keyed(str(number))])
    log.close()
    kept = [orjson.loads(line)["idempotency"]["key"] for line in lines(tmp_path)]
    assert kept == [str(number) for number in range(40 - len(kept), 40)]
    assert 5 < len(kept) < 20


def test_a_disk_that_takes_nothing_costs_the_answer_alone(tmp_path, keyed):
    (tmp_path / "file").touch()
    AnswerLog(tmp_path / "file" / "answers").append([keyed("a")])
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
