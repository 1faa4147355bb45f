"""`credit erase`: what it asks, says and does."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from cli.main import app
from resources.prediction_log import ErasedError, PredictionLog, insert_decisions


@pytest.fixture
def credit(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.setenv("CREDIT_LAKE", str(tmp_path / "lake"))
    return lambda *arguments, **options: CliRunner().invoke(app, list(arguments), **options)


@pytest.fixture
def record(postgres, decision):
    record = decision(sk_id_curr=100_001)
    with postgres.connect() as connection:
        insert_decisions(connection, [record])
    return record


def skeletons(postgres):
    today = datetime.now(UTC).date()
    return PredictionLog(postgres).decisions_frame(today, today)["sk_id_curr"].isna().tolist()


def test_it_asks_and_a_no_changes_nothing(credit, postgres, record):
    assert record
    answer = credit("erase", "100001", input="n\n")
    assert answer.exit_code == 1
    assert "found 1 decision on 1 day" in answer.output
    assert skeletons(postgres) == [False]


def test_a_yes_erases(credit, postgres, record):
    answer = credit("erase", "100001", "--yes")
    assert (answer.exit_code, skeletons(postgres)) == (0, [True])
    assert "erased: what stays" in answer.output
    again = credit("erase", "100001", "--yes")
    assert "nothing on record names this client" in again.output
    assert str(record.prediction_id) not in answer.output


def test_a_decision_that_waits_in_a_journal_is_named_and_fails_the_command(credit, tmp_path, record):
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "1.jsonl").write_bytes(record.to_json() + b"\n")
    answer = credit("erase", "100001", "--yes")
    assert answer.exit_code == 1
    assert "1 decision on this client wait in a journal" in answer.stderr
    assert "1.jsonl" in answer.stderr


def test_an_erased_decision_is_not_replayed(credit, record):
    credit("erase", "100001", "--yes")
    answer = credit("replay", str(record.prediction_id))
    assert isinstance(answer.exception, ErasedError)
    assert "1 predictions whose clients were erased" in str(answer.exception)
