"""Answered causes in real PostgreSQL."""

from datetime import UTC, date, datetime, timedelta

import pytest

from resources.retraining_causes import RetrainingCauses

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def causes(postgres):
    return RetrainingCauses(postgres)


def test_an_answer_is_recorded_once_a_run(causes):
    for _ in range(2):
        causes.record(DAY, model_version="3", features={"B", "A"}, run_id="run-1")
    assert causes.answered(DAY) == {DAY: frozenset({"A", "B"})}


def test_answers_of_several_runs_add_up(causes):
    causes.record(DAY, model_version="3", features=["A"], run_id="run-1")
    causes.record(DAY, model_version="3", features=["A", "C"], run_id="run-2")
    causes.record(NEXT, model_version="3", features=["D"], run_id="run-2")
    assert causes.answered(DAY) == {DAY: frozenset({"A", "C"}), NEXT: frozenset({"D"})}
    assert causes.answered(NEXT) == {NEXT: frozenset({"D"})}


def test_a_run_that_answers_two_days_is_one_retraining(causes):
    before = datetime.now(UTC) - timedelta(seconds=1)
    causes.record(DAY, model_version="3", features=["A"], run_id="run-1")
    causes.record(NEXT, model_version="3", features=["A"], run_id="run-1")
    causes.record(NEXT, model_version="3", features=["B"], run_id="run-2")
    moments = causes.answers_since(before)
    assert len(moments) == 2
    assert moments == sorted(moments)
    assert causes.answers_since(moments[-1]) == moments[-1:]
    assert causes.answers_since(moments[-1] + timedelta(microseconds=1)) == []


def test_an_answer_without_features_still_counts_as_a_retraining(causes):
    causes.record(DAY, model_version="3", features=[], run_id="run-1")
    assert causes.answered(DAY) == {}
    assert len(causes.answers_since(datetime(2020, 1, 1, tzinfo=UTC))) == 1


def test_a_run_that_answers_an_alert_and_two_cost_alarms_of_one_day_is_one_retraining(causes):
    for kind in ("drift", "estimated cost", "realised cost"):
        causes.record(DAY, model_version="3", features=["A"] if kind == "drift" else [], run_id="run-1", kind=kind)
    assert len(causes.answers_since(datetime(2020, 1, 1, tzinfo=UTC))) == 1
    assert causes.answered(DAY) == {DAY: frozenset({"A"})}
    assert [cause.kind for cause in causes.since(datetime(2020, 1, 1, tzinfo=UTC))] == [
        "drift", "estimated cost", "realised cost",
    ]  # fmt: skip


def test_cost_evidence_is_answered_up_to_its_last_day_by_basis_and_model(causes):
    for day, version, kind in [
        (DAY, "3", "estimated cost"),
        (NEXT, "3", "estimated cost"),
        (DAY, "4", "realised cost"),
    ]:
        causes.record(day, model_version=version, features=[], run_id=f"{day} {version}", kind=kind)
    assert causes.cost_answered_until("3") == {"estimated": NEXT}
    assert causes.cost_answered_until("4") == {"realised": DAY}
    assert causes.cost_answered_until("5") == {}


def test_what_a_person_asked_for_keeps_author_and_words(causes):
    causes.record(DAY, model_version="", features=[], run_id="r", kind="person", detail="new prices", author="ada")
    (cause,) = causes.since(datetime(2020, 1, 1, tzinfo=UTC))
    assert (cause.report_date, cause.kind, cause.detail, cause.author) == (DAY, "person", "new prices", "ada")
