"""What is a cause to retrain, and what holds a retraining back."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from credit_risk.cost_alarm import CostAlarm
from credit_risk.retraining import MAX_FAILURES, DriftAlert, should_retrain

TODAY = date(2026, 11, 3)
YESTERDAY = TODAY - timedelta(days=1)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def report(day=TODAY, *, version="3", status="alert", drifted=("x", "y"), storage_id=1, failures=0):
    return DriftAlert(day, version, status, frozenset(drifted), storage_id, failures=failures)


def dear(basis="estimated", *, failures=0):
    return CostAlarm(basis, "3", YESTERDAY, TODAY, 800, 0.71, 0.09, 0.5, failures=failures)


def verdict(*reports, **changes):
    state = {
        "now": NOON,
        "live_version": "3",
        "answered": {},
        "running": 0,
        "recent_retrainings": [],
        "cooldown": timedelta(hours=24),
        "max_per_week": 3,
    }
    return should_retrain(reports, **(state | changes))


@pytest.mark.parametrize("day", [TODAY, YESTERDAY])
def test_an_alert_of_today_or_yesterday_is_a_cause(day):
    found = verdict(report(day))
    assert found.act
    assert found.reason == f"drift: {day} (model 3, 2 features drifted)"


@pytest.mark.parametrize("day", [TODAY - timedelta(days=2), TODAY - timedelta(days=300), TODAY + timedelta(days=1)])
def test_an_alert_of_another_day_is_history_however_often_it_is_recomputed(day):
    found = verdict(report(day, storage_id=1), report(day, storage_id=2))
    assert not found.act
    assert found.consume
    assert found.reason == "2 drift reports, 2 of days other than 2026-11-02 and 2026-11-03: no cause"


def test_the_open_day_is_that_of_utc():
    early_in_paris = datetime(2026, 11, 4, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert verdict(report(YESTERDAY), now=early_in_paris).act


@pytest.mark.parametrize("status", ["ok", "warning", "insufficient"])
def test_only_an_alert_is_a_cause(status):
    found = verdict(report(status=status))
    assert not found.act
    assert found.consume


@pytest.mark.parametrize("live", ["4", None])
def test_an_alert_about_a_model_that_is_not_live_is_no_cause(live):
    found = verdict(report(version="3"), live_version=live)
    assert not found.act
    assert found.consume
    assert f"1 for other models than the live one ({live})" in found.reason


def test_an_alert_that_a_later_report_of_the_day_withdrew_is_no_cause():
    found = verdict(report(status="ok", storage_id=2), report(storage_id=1))
    assert not found.act
    assert found.consume


def test_an_alert_after_a_quiet_report_of_the_same_day_is_a_cause():
    assert verdict(report(status="ok", storage_id=1), report(storage_id=2)).act


def test_several_causes_are_one_retraining_that_names_all():
    found = verdict(report(TODAY, storage_id=9), report(YESTERDAY, drifted=("x",), storage_id=8))
    assert found.act
    assert [cause.storage_id for cause in found.causes] == [8, 9]
    assert found.reason == "drift: 2026-11-02 (model 3, 1 features drifted); 2026-11-03 (model 3, 2 features drifted)"


def test_two_alerts_of_one_day_are_both_named():
    found = verdict(report(storage_id=1), report(drifted=("x", "y", "z"), storage_id=2))
    assert [len(cause.drifted) for cause in found.causes] == [2, 3]


def test_an_answered_cause_is_none_again():
    found = verdict(report(drifted=("x",)), answered={TODAY: frozenset({"x", "y"})})
    assert not found.act
    assert found.consume
    assert found.reason == "1 drift reports, 1 answered already: no cause"


def test_a_feature_that_had_not_drifted_makes_a_new_cause():
    assert verdict(report(drifted=("x", "z")), answered={TODAY: frozenset({"x", "y"})}).act


def test_what_was_answered_for_yesterday_says_nothing_about_today():
    assert verdict(report(TODAY), answered={YESTERDAY: frozenset({"x", "y"})}).act


def test_while_a_retraining_runs_the_cause_waits():
    found = verdict(report(), running=1)
    assert not found.act
    assert not found.consume
    assert found.reason.startswith("1 retrainings queued or running; waiting: drift: 2026-11-03")
    assert [cause.storage_id for cause in found.causes] == [1]


def test_within_the_cool_down_the_cause_waits_and_is_told_how_long():
    found = verdict(report(), recent_retrainings=[NOON - timedelta(hours=30), NOON - timedelta(hours=6)])
    assert not found.act
    assert not found.consume
    assert found.reason.startswith("cool-down of 24.0 h, 18.0 h of it left; waiting:")


def test_after_the_cool_down_the_cause_is_answered():
    assert verdict(report(), recent_retrainings=[NOON - timedelta(hours=24)]).act


def test_above_the_weekly_maximum_the_cause_waits():
    found = verdict(report(), recent_retrainings=[NOON - timedelta(days=days) for days in (2, 4, 6)])
    assert not found.act
    assert not found.consume
    assert found.reason.startswith("3 retrainings in seven days, 3 allowed; waiting:")


def test_retrainings_of_last_week_do_not_count():
    assert verdict(report(), recent_retrainings=[NOON - timedelta(days=days) for days in (2, 4, 7)]).act


@pytest.mark.parametrize(("cooldown", "max_per_week"), [(None, None), (timedelta(0), 0)])
def test_a_cool_down_and_a_maximum_of_nothing_are_off(cooldown, max_per_week):
    just_now = [NOON - timedelta(minutes=minutes) for minutes in range(10)]
    assert verdict(report(), recent_retrainings=just_now, cooldown=cooldown, max_per_week=max_per_week).act


def test_reports_without_a_cause_are_done_with_even_while_a_retraining_runs():
    assert verdict(report(status="ok"), running=1).consume


def test_an_alert_is_seen_again_until_it_is_answered():
    assert not verdict(report(), running=0).consume
    assert not verdict(report(), running=1).consume
    assert verdict(report(), answered={TODAY: frozenset({"x", "y"})}).consume


def test_an_alert_and_two_cost_alarms_are_one_retraining_that_names_all():
    found = verdict(dear(), report(), dear("realised"))
    assert found.act
    assert found.reason == (
        "drift: 2026-11-03 (model 3, 2 features drifted); "
        "estimated cost: 2026-11-02 to 2026-11-03 (model 3, 0.710 over 800 decisions, 0.500 promised, "
        "at least +0.090 more); "
        "realised cost: 2026-11-02 to 2026-11-03 (model 3, 0.710 over 800 outcomes, 0.500 promised, "
        "at least +0.090 more)"
    )
    assert (found.alerts, found.costs) == ((report(),), (dear(), dear("realised")))


def test_a_cost_alarm_alone_is_a_cause_and_lets_the_quiet_reports_pass():
    found = verdict(report(status="ok"), dear())
    assert found.act
    assert found.consume
    assert found.causes == (dear(),)


def test_the_cool_down_holds_a_cost_alarm_back_as_well():
    found = verdict(dear(), recent_retrainings=[NOON - timedelta(hours=6)])
    assert not found.act
    assert found.reason.startswith("cool-down of 24.0 h, 18.0 h of it left; waiting: estimated cost: ")


def test_a_cause_whose_retraining_was_killed_is_tried_again_and_then_left_to_people():
    assert verdict(report(failures=MAX_FAILURES - 1), dear(failures=MAX_FAILURES - 1)).act
    found = verdict(report(failures=MAX_FAILURES), dear(failures=MAX_FAILURES))
    assert not found.act
    assert found.consume
    assert found.reason == "1 drift reports, 1 whose retraining failed 2 times: no cause"


def test_no_report_at_all_calls_for_nothing():
    assert verdict().reason == "0 drift reports: no cause"
