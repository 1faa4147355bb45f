"""The days of production."""

from datetime import UTC, datetime

from credit_assets.partitions import DAILY


def test_a_day_exists_from_its_first_second():
    midnight = datetime(2026, 3, 1, 0, 0, 0, tzinfo=UTC)
    assert DAILY.get_partition_keys(current_time=midnight)[-1] == "2026-03-01"


def test_days_reach_back_to_what_a_lender_imports():
    assert DAILY.get_first_partition_key() == "2020-01-01"
