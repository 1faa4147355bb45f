"""When a report is out of date."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SettingsError
from credit_risk.recompute import of_another_model, should_recompute

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
counts = st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 1, 9)), st.integers(0, 300))


def test_days_that_outgrew_their_report_are_named_with_both_counts():
    verdict = should_recompute({TUESDAY: 350, MONDAY: 100, WEDNESDAY: 99}, {TUESDAY: 250}, 100)
    assert verdict.act
    assert verdict.days == [MONDAY, TUESDAY]
    assert verdict.reason == (
        "2 days with 100 or more new predictions: "
        "2026-11-02 (100 stored, 0 reported), 2026-11-03 (350 stored, 250 reported)"
    )


def test_days_that_grew_a_little_wait():
    verdict = should_recompute({MONDAY: 349, TUESDAY: 20}, {MONDAY: 250}, 100)
    assert not verdict.act
    assert verdict.reason == "2 days looked at, at most 99 new predictions on one, 100 make a report stale"


def test_nothing_stored_calls_for_nothing():
    verdict = should_recompute({}, {MONDAY: 5}, 100)
    assert not verdict.act
    assert verdict.reason.startswith("0 days looked at, at most 0 new predictions")


@pytest.mark.parametrize("threshold", [0, -5])
def test_a_threshold_that_would_never_rest_is_refused(threshold):
    with pytest.raises(SettingsError, match=f"a volume threshold of {threshold}; expected at least 1"):
        should_recompute({MONDAY: 1}, {}, threshold)


@given(counts, counts, st.integers(1, 100))
def test_a_recomputed_day_is_not_stale_again(stored, reported, threshold):
    verdict = should_recompute(stored, reported, threshold)
    after = reported | {day: stored[day] for day in verdict.days}
    assert not should_recompute(stored, after, threshold).act


@dataclass(frozen=True)
class Stay:
    model_version: str
    live_from: datetime


def test_the_open_day_follows_a_promotion_and_every_promotion_has_a_name_of_its_own():
    first, again = (Stay("4", datetime(2026, 11, 3, hour, tzinfo=UTC)) for hour in (9, 15))
    assert of_another_model("3", first) == "4@2026-11-03T09:00:00.000000+00:00"
    assert of_another_model("3", again) != of_another_model("3", first)


def test_a_report_of_the_live_model_misses_nothing_and_nothing_is_missed_without_one():
    assert of_another_model("4", Stay("4", datetime(2026, 11, 3, tzinfo=UTC))) is None
    assert of_another_model("4", None) is None
