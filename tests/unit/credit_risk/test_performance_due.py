"""Which days are due when outcomes arrive."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from credit_risk.performance_due import GAP_DAYS, reports_due

FIRST, TODAY = date(2020, 1, 1), date(2026, 3, 31)


def due(new, **arguments):
    return reports_due(new, first_day=FIRST, last_day=TODAY, **arguments)


def test_nothing_new_asks_for_nothing():
    found = due({})
    assert not found.act
    assert found.reason == "0 new outcomes of decisions of 0 days"


def test_days_near_each_other_share_a_range():
    days = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 16)]
    assert due(dict.fromkeys(days, 2)).ranges == ((days[0], days[1]), (days[2], days[2]))


def test_what_is_left_out_is_told():
    found = due({date(2019, 12, 31): 3, date(2026, 4, 1): 4, date(2026, 1, 1): 5}, unknown=2)
    assert found.ranges == ((date(2026, 1, 1), date(2026, 1, 1)),)
    assert found.reason == (
        "5 new outcomes of decisions of 1 days, 2026-01-01 to 2026-01-01; "
        "7 of days outside 2020-01-01 to 2026-03-31 left out; 2 of decisions that are not on record left out"
    )


@given(st.dictionaries(st.dates(FIRST, TODAY), st.integers(1, 9), max_size=40))
def test_every_day_is_in_exactly_one_range_and_ranges_stand_apart(new):
    ranges = due(new).ranges
    for day in new:
        assert sum(first <= day <= last for first, last in ranges) == 1
    assert all(first in new and last in new for first, last in ranges)
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(ranges)]
    assert all(gap > timedelta(days=GAP_DAYS) for gap in gaps)
