from datetime import UTC, date, datetime, timedelta

from resources.prediction_log import day_bounds


def test_a_day_is_a_utc_day():
    start, end = day_bounds(date(2026, 10, 25))
    assert start == datetime(2026, 10, 25, tzinfo=UTC)
    assert end - start == timedelta(hours=24)
