"""The archive in the graph: a range in one run, the open day left out, a bad day alone, old months dropped."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from credit_assets.archive import (
    PREDICTION_RETENTION,
    PREDICTIONS_ARCHIVE,
    prediction_retention,
    predictions_archive,
)
from credit_assets.schedules import daily_archive
from resources import schema
from resources.dagster_resources import PlatformResource
from resources.decision_archive import DecisionArchive
from resources.decision_record import DecisionError
from resources.prediction_log import insert_decisions

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=number) for number in (200, 199, 198, 1, 0)]


@pytest.fixture
def platform(postgres, tmp_path):
    settings = {"DATABASE_URL": postgres.url, "CREDIT_HOME": str(tmp_path), "CREDIT_LAKE": str(tmp_path / "lake")}
    return PlatformResource(overrides=settings | {"CREDIT_RETENTION_MONTHS": "2"})


@pytest.fixture
def decided(platform, decision):
    """Two decisions on each of five days, the last of them today."""
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in DAYS]
    with platform.database.connect() as connection:
        schema.ensure_partitions(connection, DAYS[0], TODAY)
        insert_decisions(connection, [decision(created_at=noon) for noon in noons for _ in range(2)])
    return platform


def materialize(platform, asset, instance, *, first=DAYS[0], last=TODAY):
    keys = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}
    return dg.materialize(
        [asset],
        instance=instance,
        resources={"platform": platform},
        tags=keys if asset is predictions_archive else {},
        raise_on_error=False,
    )


def archived_days(instance):
    records = instance.fetch_materializations(PREDICTIONS_ARCHIVE, limit=100).records
    return sorted(date.fromisoformat(record.partition_key) for record in records)


def test_a_range_is_one_run_and_each_closed_day_with_decisions_one_record(decided):
    with dg.DagsterInstance.ephemeral() as instance:
        assert materialize(decided, predictions_archive, instance).success
        assert archived_days(instance) == DAYS[:4]
        newest = instance.fetch_materializations(PREDICTIONS_ARCHIVE, limit=1).records[0].asset_materialization
    assert newest.metadata["n_decisions"].value == 2
    assert [state.day for state in decided.decision_archive.archived()] == DAYS[:4]


def test_a_day_that_cannot_be_archived_costs_its_neighbours_nothing(decided, monkeypatch):
    archive = DecisionArchive.archive

    def broken(self, day):
        if day == DAYS[1]:
            raise DecisionError("a full disk", expected="room", remedy="make some")
        return archive(self, day)

    monkeypatch.setattr(DecisionArchive, "archive", broken)
    with dg.DagsterInstance.ephemeral() as instance:
        done = materialize(decided, predictions_archive, instance)
        assert not done.success
        assert archived_days(instance) == [DAYS[0], *DAYS[2:4]]
        (failure,) = (event for event in done.all_events if event.is_step_failure)
    assert set(failure.step_failure_data.error.cls_name.split()) == {"Failure"}
    assert str(DAYS[1]) in failure.step_failure_data.user_failure_data.metadata


def test_old_months_are_dropped_when_they_are_archived_and_not_before(decided):
    with dg.DagsterInstance.ephemeral() as instance:
        for ready in (False, True):
            assert materialize(decided, prediction_retention, instance).success
            record = instance.fetch_materializations(PREDICTION_RETENTION, limit=1).records[0]
            said = {name: value.value for name, value in record.asset_materialization.metadata.items()}
            assert said["n_decisions_dropped"] == (6 if ready else 0)
            assert bool(said["kept_though_old"]) is not ready
            materialize(decided, predictions_archive, instance)
    assert sum(decided.prediction_log.count_by_day(DAYS[0], TODAY).values()) == 10


def test_without_a_retention_everything_is_kept(decided):
    keeping = PlatformResource(
        overrides={name: value for name, value in decided.overrides.items() if name != "CREDIT_RETENTION_MONTHS"}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(decided, predictions_archive, instance)
        materialize(keeping, prediction_retention, instance)
        record = instance.fetch_materializations(PREDICTION_RETENTION, limit=1).records[0]
    assert record.asset_materialization.metadata["kept"].value == "everything: CREDIT_RETENTION_MONTHS is not set"
    assert decided.decision_archive.archived()[0].dropped_at is None


def test_the_schedule_asks_for_the_closed_days_that_are_due(decided):
    def tick():
        moment = datetime(TODAY.year, TODAY.month, TODAY.day, 1, tzinfo=UTC)
        with dg.build_schedule_context(scheduled_execution_time=moment, resources={"platform": decided}) as context:
            return daily_archive(context)

    asked = tick()
    assert asked.tags == {
        "dagster/asset_partition_range_start": str(DAYS[0]),
        "dagster/asset_partition_range_end": str(DAYS[3]),
    }
    for day in DAYS[:4]:
        decided.decision_archive.archive(day)
    assert "is archived" in tick().skip_message
