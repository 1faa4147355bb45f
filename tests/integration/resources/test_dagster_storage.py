"""Dagster's own storage in the platform's database, as `dagster.yaml` names it."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run  # the daemon's own question

from credit_assets.jobs import RUN_AGAIN
from resources.dagster_storage import kept_connection
from resources.database import Database
from resources.settings import ENV_FILE, REPOSITORY


@dg.asset
def anything() -> None:
    """An asset, so that there is a run."""


@pytest.fixture
def dagster_home(postgres, tmp_path, monkeypatch):
    """A folder with the platform's instance on a database of this test."""
    monkeypatch.setenv(ENV_FILE, "")
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path / "home"))
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    return home


def schemas(database: Database, table: str) -> list[str]:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT schemaname FROM pg_tables WHERE tablename = %s ORDER BY 1", [table]
        ).fetchall()
    return [row[0] for row in rows]


def test_a_run_is_found_again_by_a_second_instance(dagster_home):
    with dg.DagsterInstance.from_config(str(dagster_home)) as first:
        result = dg.materialize([anything], instance=first)
    with dg.DagsterInstance.from_config(str(dagster_home)) as second:
        assert second.get_run_by_id(result.run_id).status == dg.DagsterRunStatus.SUCCESS
        (record,) = second.fetch_materializations(anything.key, limit=5).records
        assert record.run_id == result.run_id


def test_its_tables_are_in_a_schema_of_their_own(dagster_home, postgres):
    with dg.DagsterInstance.from_config(str(dagster_home)):
        assert schemas(postgres, "event_logs") == schemas(postgres, "runs") == ["dagster"]


def test_it_opens_twice_side_by_side(dagster_home):
    with (
        dg.DagsterInstance.from_config(str(dagster_home)) as one,
        dg.DagsterInstance.from_config(str(dagster_home)) as other,
    ):
        run = dg.materialize([anything], instance=one)
        assert other.has_run(run.run_id)


def test_processes_that_start_together_all_find_it(dagster_home, caplog):
    # What `dagster dev` does on a fresh clone: webserver, daemon and code server at once.
    with ThreadPoolExecutor(4) as pool:
        starts = [pool.submit(dg.DagsterInstance.from_config, str(dagster_home)) for _ in range(4)]
        for start in starts:
            with start.result() as instance:
                assert instance.get_runs_count() == 0
    # One of them made the tables; none got in its way.
    assert "Retrying" not in caplog.text


def test_the_instance_file_sets_what_the_platform_relies_on(dagster_home):
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled


@pytest.mark.parametrize(
    ("reason", "again"),
    [(RunFailureReason.UNEXPECTED_TERMINATION, True), (RunFailureReason.STEP_FAILURE, False)],
    ids=["its-process-was-killed", "it-failed-by-itself"],
)
def test_a_run_is_run_again_when(dagster_home, reason, again):
    job = dg.define_asset_job("job", tags=RUN_AGAIN).resolve(
        asset_graph=dg.Definitions([anything]).resolve_asset_graph()
    )
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        run = instance.create_run_for_job(job, tags=job.tags, status=dg.DagsterRunStatus.FAILURE)
        assert instance.run_retries_enabled
        assert auto_reexecution_should_retry_run(instance, run, reason) is again
        other = instance.create_run_for_job(job, status=dg.DagsterRunStatus.FAILURE)
        assert not auto_reexecution_should_retry_run(instance, other, reason)


def backends(database: Database) -> set[int]:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ).fetchall()
    return {row[0] for row in rows}


def test_many_events_go_through_one_connection_that_is_closed_after_them(dagster_home, postgres):
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        with kept_connection(instance):
            seen = []
            for number in range(4):
                instance.report_runless_asset_event(dg.AssetMaterialization(f"asset_{number}"))
                seen.append(backends(postgres))
            assert all(len(pids) == 1 for pids in seen)
            assert len(set.union(*seen)) == 1
        instance.report_runless_asset_event(dg.AssetMaterialization("afterwards"))
        assert len(instance.get_asset_keys()) == 5
        assert not backends(postgres) & seen[0]


def test_a_connection_that_breaks_between_events_is_replaced_and_no_event_is_lost(dagster_home, postgres):
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        with kept_connection(instance):
            instance.report_runless_asset_event(dg.AssetMaterialization("before"))
            broken = backends(postgres)
            with postgres.connect() as connection:
                connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(broken)])
            instance.report_runless_asset_event(dg.AssetMaterialization("after"))
            assert len(broken) == 1
            assert not backends(postgres) & broken
        assert {key.path[0] for key in instance.get_asset_keys()} == {"before", "after"}


def test_an_instance_without_postgresql_is_left_as_it_is():
    with dg.DagsterInstance.ephemeral() as instance, kept_connection(instance):
        instance.report_runless_asset_event(dg.AssetMaterialization("anything"))
        assert len(instance.get_asset_keys()) == 1
