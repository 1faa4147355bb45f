"""What the drift sensors work out by themselves; the rest is tested on a real instance."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensors.drift import stretches


def days(*numbers):
    return [date(2026, 3, number) for number in numbers]


def test_consecutive_days_are_one_stretch():
    assert stretches(days(3, 1, 2, 5, 8, 7)) == [days(1, 2, 3), days(5), days(7, 8)]


def test_no_days_are_no_stretch():
    assert stretches([]) == []


@given(st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1))))
def test_stretches_hold_every_day_once_and_touch_nowhere(given_days):
    found = stretches(list(given_days))
    assert [day for stretch in found for day in stretch] == sorted(given_days)
    for stretch in found:
        assert stretch[-1] - stretch[0] == timedelta(days=len(stretch) - 1)
    for one, following in pairwise(found):
        assert following[0] - one[-1] > timedelta(days=1)
