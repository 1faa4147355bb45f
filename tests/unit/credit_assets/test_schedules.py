"""What the calendar asks for."""

from datetime import UTC, datetime

import dagster as dg

from credit_assets.schedules import daily_closing, daily_partitions, daily_performance, monthly_training
from definitions import defs


def requested(schedule, moment):
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=defs.get_repository_def())
    (request,) = schedule.evaluate_tick(context).run_requests
    return request


def test_yesterday_is_closed_after_midnight():
    request = requested(daily_closing, datetime(2026, 3, 1, 0, 15, tzinfo=UTC))
    assert request.partition_key == "2026-02-28"
    assert request.run_key == "closing:2026-02-28"


def test_yesterdays_performance_is_estimated_after_midnight():
    request = requested(daily_performance, datetime(2026, 3, 1, 0, 20, tzinfo=UTC))
    assert request.partition_key == "2026-02-28"
    assert request.run_key == "performance:2026-02-28"


def test_a_month_is_trained_once():
    first, again = (requested(monthly_training, datetime(2026, 3, 1, hour, tzinfo=UTC)) for hour in (3, 4))
    assert first.run_key == again.run_key == "monthly:2026-03"
    assert first.asset_selection is None
    cause = "schedule: the training of 2026-03"
    assert first.tags["credit/cause"] == cause
    assert first.run_config == {"ops": {"credit_model": {"config": {"cause": cause, "kind": "schedule"}}}}


def test_partitions_are_kept_ahead_every_day():
    assert requested(daily_partitions, datetime(2026, 3, 1, 0, 30, tzinfo=UTC)).run_key == "partitions:2026-03-01"
