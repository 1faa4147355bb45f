"""The volume sensor on a real instance, with real stored decisions: which days it asks for, and when it is silent."""

from datetime import timedelta

import pytest

from credit_assets.drift import DRIFT_REPORT
from credit_assets.predictions import N_PREDICTIONS, PREDICTIONS
from resources.history import import_history

SENSOR = "prediction_volume_sensor"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.fixture
def population(platform):
    # The page of a report takes a second for thirty features: nobody looks at it here.
    platform.settings["CREDIT_DRIFT_FEATURES"] = "3"
    return platform.features()


@pytest.fixture
def days(platform):
    """Day before yesterday, yesterday, today."""
    return [platform.today - timedelta(days=back) for back in (2, 1, 0)]


def ranges(seen):
    return [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in seen.run_requests]


def reported(platform):
    """Days and predictions that the graph was told of, oldest first."""
    return sorted(
        (record.partition_key, record.asset_materialization.metadata[N_PREDICTIONS].value)
        for record in platform.materializations(PREDICTIONS)
    )


def test_consecutive_full_days_are_asked_for_once_as_one_range(platform, population, days):
    for day in days:
        platform.decide(day, population.head(100))
    seen = platform.tick(SENSOR)
    assert ranges(seen) == [(days[0].isoformat(), days[2].isoformat())]
    counts = ",".join(f"{day}:100" for day in days)
    assert seen.run_requests[0].run_key == f"volume:{counts}"
    assert seen.run_requests[0].tags["credit/cause"] == f"volume: {counts}"
    assert reported(platform) == [(day.isoformat(), 100) for day in days]


def test_its_run_reports_every_day_and_leaves_nothing_due(platform, population, days):
    for day in days:
        platform.decide(day, population.head(100))
    (request,) = platform.tick(SENSOR).run_requests
    assert platform.launch("drift_job", request).success
    assert {r.partition_key for r in platform.materializations(DRIFT_REPORT)} == {day.isoformat() for day in days}
    again = platform.tick(SENSOR)
    assert again.run_requests == []
    assert again.skip_message.startswith("3 days looked at, at most 0 new predictions on one, 100 make a report stale")


def test_days_apart_are_ranges_of_their_own(platform, population, days):
    for day in (days[0], days[2]):
        platform.decide(day, population.head(100))
    assert ranges(platform.tick(SENSOR)) == [(day.isoformat(), day.isoformat()) for day in (days[0], days[2])]


def test_a_day_below_the_threshold_is_let_be_with_numbers(platform, population, days):
    platform.decide(days[2], population.head(99))
    seen = platform.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message == "1 days looked at, at most 99 new predictions on one, 100 make a report stale"
    assert reported(platform) == []


def test_the_threshold_is_a_setting(platform, population, days):
    platform.settings["CREDIT_VOLUME_THRESHOLD"] = "20"
    platform.decide(days[2], population.head(20))
    assert ranges(platform.tick(SENSOR)) == [(days[2].isoformat(), days[2].isoformat())]


def test_today_is_asked_for_again_as_it_fills(platform, population, days):
    platform.decide(days[2], population.head(100))
    (first,) = platform.tick(SENSOR).run_requests
    assert platform.launch("drift_job", first).success
    platform.decide(days[2], population.head(99))
    assert platform.tick(SENSOR).run_requests == []
    platform.decide(days[2], population.head(1))
    (second,) = platform.tick(SENSOR).run_requests
    assert second.run_key == f"volume:{days[2]}:200" != first.run_key


def test_it_waits_while_a_drift_run_is_unfinished(platform, population, days):
    platform.decide(days[2], population.head(100))
    waiting = platform.instance.create_run_for_job(
        platform.defs.resolve_job_def("drift_job"), tags={"dagster/partition": days[2].isoformat()}
    )
    seen = platform.tick(SENSOR)
    assert (seen.run_requests, seen.skip_message) == ([], "1 runs of drift_job unfinished")
    platform.instance.report_run_canceled(waiting)
    assert len(platform.tick(SENSOR).run_requests) == 1


def watched_number(platform):
    """A numeric feature that the live model is monitored on: text in it fails a day's report."""
    registry = platform.clients.registry
    manifest = registry.manifest(registry.production_version())
    kinds = {feature.name: feature.kind for feature in manifest.feature_set.accepted}
    return next(name for name in manifest.monitored_features if kinds[name] == "numeric")


def test_a_day_whose_run_failed_is_not_asked_for_at_every_tick(platform, population, days):
    platform.decide(days[1], population.head(100).assign(**{watched_number(platform): "much"}))
    (request,) = platform.tick(SENSOR).run_requests
    assert not platform.launch("drift_job", request).success
    for _ in range(2):
        seen = platform.tick(SENSOR)
        assert seen.run_requests == []
        assert seen.skip_message.endswith("asked for with as many already, and not reported: see the failed runs")
    assert reported(platform) == [(days[1].isoformat(), 100)]


def test_a_failed_day_is_left_out_when_its_neighbour_fills_and_asked_for_when_it_does(platform, population, days):
    platform.decide(days[1], population.head(100).assign(**{watched_number(platform): "much"}))
    (request,) = platform.tick(SENSOR).run_requests
    assert not platform.launch("drift_job", request).success
    platform.decide(days[2], population.head(100))
    (request,) = platform.tick(SENSOR).run_requests
    assert platform.launch("drift_job", request).success
    platform.decide(days[1], population.head(1))
    assert ranges(platform.tick(SENSOR)) == [(days[1].isoformat(), days[1].isoformat())]


def test_without_a_model_it_waits_and_asks_once_there_is_one(untrained, platform):
    # The same decisions, before and after the first training.
    population = platform.features().head(100)
    untrained.decide(untrained.today, population)
    seen = untrained.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message.startswith("no model live to compare with; waiting: 1 days with 100 or more")
    assert reported(untrained) == []
    platform.decide(platform.today, population)
    platform.cursors[SENSOR] = seen.cursor
    assert len(platform.tick(SENSOR).run_requests) == 1


def test_decisions_of_long_ago_are_left_to_whoever_imported_them(platform, population, days, tmp_path):
    file = tmp_path / "history.parquet"
    platform.history_of(days[2] - timedelta(days=40), population.head(100)).to_parquet(file)
    import_history(platform.database, file, "older")
    assert platform.tick(SENSOR).skip_message.startswith("0 days looked at")
