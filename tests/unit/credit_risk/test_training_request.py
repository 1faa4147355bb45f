"""What a training is told: by a verdict, by the calendar, by a person."""

from datetime import date

import pytest

from credit_risk.cost_alarm import CostAlarm
from credit_risk.errors import SettingsError
from credit_risk.retraining import DriftAlert, Verdict
from credit_risk.training_request import by_person, of_verdict, on_schedule

DAY, NEXT = date(2026, 11, 2), date(2026, 11, 3)


def verdict(*causes):
    return Verdict(act=True, reason="because", causes=causes, consume=False)


def alert(day, *drifted, everything=()):
    return DriftAlert(day, "3", "alert", frozenset(drifted), 1, all_drifted=frozenset(everything))


def test_alerts_of_one_day_are_answered_with_all_that_had_moved():
    request = of_verdict(verdict(alert(DAY, "x", everything=["x", "z"]), alert(DAY, "y"), alert(NEXT, "x")))
    assert request.answers == {"2026-11-02": ["x", "y", "z"], "2026-11-03": ["x"]}
    assert (request.cause, request.alerted_model, request.costs, request.towards) == ("because", "3", {}, [])


def test_an_estimated_cost_asks_for_weights_towards_its_days_that_no_alert_names():
    alarm = CostAlarm("estimated", "3", date(2026, 11, 1), NEXT, 900, 0.7, 0.1, 0.5)
    request = of_verdict(verdict(alert(DAY, "x"), alarm))
    assert request.costs == {"estimated": "2026-11-03"}
    assert request.towards == ["2026-11-01", "2026-11-03"]


def test_a_realised_cost_brings_its_own_labels():
    alarm = CostAlarm("realised", "3", date(2026, 5, 1), DAY, 900, 0.9, 0.1, 0.45)
    request = of_verdict(verdict(alarm))
    assert (request.costs, request.towards, request.alerted_model) == ({"realised": "2026-11-02"}, [], "3")


def test_the_configuration_of_a_run_holds_what_is_said_and_nothing_else():
    assert on_schedule(date(2026, 12, 1)).run_config() == {
        "ops": {"credit_model": {"config": {"cause": "schedule: the training of 2026-12", "kind": "schedule"}}}
    }


def test_a_person_is_named_with_words_and_days():
    request = by_person(" ada ", " new prices ", [NEXT, DAY, DAY])
    assert request.cause == "person: ada: new prices, towards 2026-11-02, 2026-11-03"
    assert (request.kind, request.author, request.towards) == ("person", "ada", ["2026-11-02", "2026-11-03"])


@pytest.mark.parametrize(
    ("author", "reason", "absent"),
    [("ada", " ", "--reason"), ("", "why", "--author"), ("", "", "--reason and --author")],
)
def test_a_person_says_who_and_why(author, reason, absent):
    with pytest.raises(SettingsError, match=f"without {absent};"):
        by_person(author, reason)
