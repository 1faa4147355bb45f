"""Ranges of days: killed and run again, run twice at once, over a promotion: each day right, once."""

from collections import Counter
from datetime import timedelta

import mlflow
import numpy as np
import pytest

from credit_assets import drift, drift_days
from credit_assets.drift import DRIFT_REPORT, MODEL_VERSION, N_PREDICTIONS
from credit_risk.reference import reference_statistics
from resources.live_references import LiveReference
from resources.registry import EXPERIMENT

N_DAYS = 5


@pytest.fixture(autouse=True)
def two_days_at_once(monkeypatch):
    monkeypatch.setattr(drift_days, "DAYS_AT_ONCE", 2)


@pytest.fixture
def days(platform):
    """Five days of 40, 41, ... decisions, told apart by their number."""
    first = platform.today - timedelta(days=40)
    days = [first + timedelta(days=number) for number in range(N_DAYS)]
    population, rng = platform.features(), np.random.default_rng(1)
    for number, day in enumerate(days):
        platform.decide(day, population.iloc[rng.choice(len(population), 40 + number)].reset_index(drop=True))
    return days


@pytest.fixture(autouse=True)
def without_pages(monkeypatch):
    """Pages take seconds, and are tested where they are made."""
    monkeypatch.setattr(drift_days.RunOfDays, "pages", lambda *_: {})


def rows(platform, days):
    return {row.report_date: row for row in platform.clients.drift_reports.between(days[0], days[-1])}


def recorded(platform):
    """How often each day was recorded."""
    return Counter(record.partition_key for record in platform.materializations(DRIFT_REPORT))


def assert_each_day_is_right(platform, days):
    """The rows, and the newest record of each day, tell the decisions of that day."""
    counts = {day: 40 + number for number, day in enumerate(days)}
    assert {day: row.n_predictions for day, row in rows(platform, days).items()} == counts
    newest = {}
    for record in platform.materializations(DRIFT_REPORT):
        newest.setdefault(record.partition_key, record.asset_materialization.metadata[N_PREDICTIONS].value)
    assert newest == {day.isoformat(): n for day, n in counts.items()}


def test_a_run_that_dies_half_way_keeps_what_it_recorded_and_is_run_again(platform, days, monkeypatch):
    window = LiveReference.window

    def dying(live, stored):
        if len(stored) == 43:
            raise MemoryError
        return window(live, stored)

    with monkeypatch.context() as patch:
        patch.setattr(LiveReference, "window", dying)
        assert not platform.report_drift(days[0], days[-1]).success
    assert list(rows(platform, days)) == days[:2]
    assert set(recorded(platform)) == {day.isoformat() for day in days[:2]}
    assert platform.report_drift(days[0], days[-1]).success
    assert_each_day_is_right(platform, days)


def test_a_run_that_dies_between_records_and_rows_leaves_no_row_that_would_hide_the_day(platform, days, monkeypatch):
    def dying(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(drift, "_targets", dying)
        assert not platform.report_drift(days[0], days[-1]).success
    assert rows(platform, days) == {}
    assert set(recorded(platform)) == {day.isoformat() for day in days[:2]}
    assert platform.report_drift(days[0], days[-1]).success
    assert_each_day_is_right(platform, days)


def test_connections_that_break_half_way_cost_the_days_at_hand_and_the_run_says_why(platform, days, monkeypatch):
    find_targets, asked = drift._targets, []

    def breaking(context, keys):
        asked.append(keys)
        if len(asked) == 2:
            with platform.database.connect() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        return find_targets(context, keys)

    with monkeypatch.context() as patch:
        patch.setattr(drift, "_targets", breaking)
        result = platform.report_drift(days[0], days[-1])
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert "terminating connection" in str(failure.step_failure_data.error_display_string)
    # Those before stand; those at hand have records, and no rows that would hide them.
    assert list(rows(platform, days)) == days[:2]
    assert platform.report_drift(days[0], days[-1]).success
    assert_each_day_is_right(platform, days)


def test_of_two_runs_over_the_same_days_the_one_that_read_later_holds(platform, days, monkeypatch):
    """The second run begins and ends while the first one has read its days, and not yet recorded them."""
    record, begun = drift._record, []

    def overtaken(*arguments):
        if not begun:
            begun.append(True)
            platform.decide(days[0], platform.features().head(7))
            assert platform.report_drift(days[0], days[-1]).success
        yield from record(*arguments)

    monkeypatch.setattr(drift, "_record", overtaken)
    assert platform.report_drift(days[0], days[-1]).success
    assert rows(platform, days)[days[0]].n_predictions == 47
    times = recorded(platform)
    # The first two days were read before the second run; it leaves them to that run, and records the others anew.
    assert [times[day.isoformat()] for day in days] == [1, 1, 2, 2, 2]
    newest = platform.materializations(DRIFT_REPORT)
    told = next(r for r in newest if r.partition_key == days[0].isoformat()).asset_materialization.metadata
    assert told[N_PREDICTIONS].value == 47


def test_a_day_keeps_the_reference_of_the_model_that_was_live_at_its_end(platform, days):
    version = go_live_again(platform)
    yesterday = platform.today - timedelta(days=1)
    platform.decide(yesterday, platform.features().head(40))
    platform.decide(platform.today, platform.features().head(40))
    assert platform.report_drift(yesterday, platform.today).success
    assert platform.report_drift(days[0], days[1]).success
    told = {
        record.partition_key: record.asset_materialization.metadata[MODEL_VERSION].value
        for record in platform.materializations(DRIFT_REPORT)
    }
    assert told == {
        days[0].isoformat(): "1",
        days[1].isoformat(): "1",
        yesterday.isoformat(): "1",
        platform.today.isoformat(): version,
    }


def go_live_again(platform):
    """Promote the first model under another version. Returns it."""
    registry, reference = platform.clients.registry, platform.clients.training_reference
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    earlier = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(registry.tracking_uri)
    first = registry.load("1")
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        version = registry.register(first.booster_text, first.manifest, first.canaries)
    mlflow.set_tracking_uri(earlier)
    reference.store(version, reference_statistics(reference.sample("1")), reference.sample("1"))
    registry.promote(version, cause="a test", author="a test")
    with platform.database.connect() as connection:
        # As if the first model had been live for two months, and the second since this morning.
        connection.execute("ALTER TABLE credit.live_model_log DISABLE TRIGGER append_only")
        connection.execute(
            "UPDATE credit.live_model_log SET live_from = live_from - interval '60 days' WHERE model_version = '1'"
        )
        connection.execute("ALTER TABLE credit.live_model_log ENABLE TRIGGER append_only")
    return version
