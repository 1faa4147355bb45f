"""The graph on a tiny portfolio: a trained platform, and as many copies of it as tests want.

Training takes most of a minute, copying its database and folder a fraction of a second: so one
training serves all files here, and a test may do to its copy what it likes. Ask for `platform`
(a trained copy of this test's own) or `shared_platform` (one for all tests of a file, which add
to it and change nothing).
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pandas as pd
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData  # what `evaluate_tick` returns
from psycopg.conninfo import conninfo_to_dict
from uuid_utils.compat import uuid7

from definitions import build_defs
from resources import schema
from resources.dagster_resources import PlatformResource
from resources.database import Database
from resources.feature_store import FeatureStore
from resources.prediction_log import DecisionRecord, FeatureNames, day_bounds, insert_decisions
from resources.settings import ENV_FILE, REPOSITORY, Settings
from simulation.portfolio import synthesize

N_CLIENTS = 600
SEED = 1

# The instance that people run, so that its file is tested with it.
DAGSTER_YAML = REPOSITORY / "dagster.yaml"

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass
class Platform:
    """A whole platform in a database and a folder: definitions, instance, and the plain clients."""

    database: Database
    folder: Path
    settings: dict[str, str]
    instance: dg.DagsterInstance
    # One day for all of a test, should midnight pass.
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    cursors: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def clients(self) -> PlatformResource:
        """The plain clients, as the assets get them."""
        return PlatformResource(overrides=self.settings)

    @cached_property
    def defs(self) -> dg.Definitions:
        """The whole graph on this platform."""
        return build_defs({"platform": PlatformResource(overrides=self.settings)})

    @property
    def raw_dir(self) -> Path:
        return self.clients.settings.raw_dir

    def lake_file(self, name: str) -> Path:
        return self.clients.lake.local_path(name)

    def run(self, job: str, **arguments: Any) -> dg.ExecuteInProcessResult:
        """Run a job in this process; a failure is a result, not an error."""
        definition = self.defs.resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, **({"raise_on_error": False} | arguments))

    def materialize(self, *keys: dg.AssetKey, **arguments: Any) -> dg.ExecuteInProcessResult:
        """What "materialize selected" of the UI does: no job, no configuration."""
        definition = self.defs.resolve_implicit_global_asset_job_def()
        return definition.execute_in_process(
            instance=self.instance, asset_selection=list(keys), **({"raise_on_error": False} | arguments)
        )

    def report_drift(self, first: date, last: date) -> dg.ExecuteInProcessResult:
        """One run over a range of days, as a backfill or a sensor asks for it."""
        return self.run("drift_job", tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()})

    def tick(self, sensor: str) -> SensorExecutionData:
        """One look of a sensor, as the daemon lets it look: with its cursor, its events reported."""
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(sensor),
            definitions=self.defs,
            # As each tick of the daemon: made anew, so that nothing is remembered but the cursor.
            resources={"platform": PlatformResource(overrides=self.settings)},
        )
        with context:
            seen = self.defs.resolve_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = seen.cursor
        for event in seen.asset_events:
            self.instance.report_runless_asset_event(event)
        return seen

    def launch(self, job: str, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run what a sensor asked for, as the daemon does."""
        return self.run(
            job,
            run_config=request.run_config,
            asset_selection=request.asset_selection,
            tags={**request.tags, "dagster/run_key": str(request.run_key)},
        )

    def materializations(self, key: dg.AssetKey) -> list[dg.EventLogRecord]:
        """All records of an asset, newest first."""
        return list(self.instance.fetch_materializations(key, limit=1000).records)

    def metadata(self, key: dg.AssetKey) -> dict[str, Any]:
        """Metadata of an asset's newest record, as plain values."""
        newest = self.materializations(key)[0].asset_materialization
        return {name: value.value for name, value in newest.metadata.items()}

    def features(self) -> pd.DataFrame:
        """Features of all clients."""
        store = FeatureStore(self.clients.lake)
        return store.frame(store.newest().version)

    def decide(self, day: date, rows: pd.DataFrame, **changes: object) -> None:
        """Store decisions on applicants, spread over the first minutes of a day, as the service does."""
        start = day_bounds(day)[0]
        applicants = plain_rows(rows)
        feature_names = FeatureNames.of(plain_rows(rows.drop(columns="SK_ID_CURR")))
        records = [
            DecisionRecord(
                **{
                    "prediction_id": uuid7(),
                    "created_at": start + timedelta(milliseconds=200 * number),
                    "sk_id_curr": int(row["SK_ID_CURR"]),
                    "probability": 0.05,
                    "prediction": 0,
                    "decision": "APPROVED",
                    "threshold": 0.1,
                    "model_version": "1",
                    "inference_time_ms": 0.3,
                    "n_features_missing": 0,
                    "features": {name: value for name, value in row.items() if name != "SK_ID_CURR"},
                    "feature_names": feature_names,
                }
                | changes
            )
            for number, row in enumerate(applicants)
        ]
        with self.database.connect() as connection:
            insert_decisions(connection, records)

    def history_of(self, day: date, rows: pd.DataFrame) -> pd.DataFrame:
        """Decisions of an older system on a day, in the form that is imported."""
        start = day_bounds(day)[0]
        bodies = plain_rows(rows.drop(columns="SK_ID_CURR"))
        return pd.DataFrame(
            {
                "created_at": [start + timedelta(seconds=number) for number in range(len(rows))],
                "sk_id_curr": rows["SK_ID_CURR"].to_numpy(),
                "probability": 0.05,
                "threshold": 0.1,
                "features": [orjson.dumps(body).decode() for body in bodies],
            }
        )


def plain_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as the service gets them: JSON values, what is missing left out."""
    return [
        {name: value for name, value in row.items() if not pd.isna(value)} for row in rows.to_dict(orient="records")
    ]


@contextmanager
def settings_of_tests_alone(**variables: str) -> Iterator[None]:
    """Neither this shell's settings nor those of a `.env` file."""
    with pytest.MonkeyPatch.context() as patch:
        for setting in Settings.model_fields.values():
            patch.delenv(str(setting.validation_alias), raising=False)
        patch.setenv(ENV_FILE, "")
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextmanager
def opened(database: Database, folder: Path) -> Iterator[Platform]:
    """A platform on what is in a database and a folder, with the instance of `dagster.yaml`."""
    settings = {
        "DATABASE_URL": database.url,
        "CREDIT_HOME": str(folder / "home"),
        "CREDIT_RAW_DIR": str(folder / "raw"),
        "CREDIT_LAKE": str(folder / "lake"),
    }
    home = folder / "home" / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(DAGSTER_YAML, home)
    # Its storage takes the address from the environment, here and whenever it opens itself again.
    with settings_of_tests_alone(**settings), dg.DagsterInstance.from_config(str(home)) as instance:
        yield Platform(database, folder, settings, instance)


class Templates:
    """Platforms that are only copied: a database that nobody is connected to, and its folder."""

    def __init__(self, server: Any, kept: Path, copies: Path | None = None) -> None:
        self.server = server
        self.kept = kept
        self.copies = copies or kept

    def keep(self, platform: Platform, name: str) -> str:
        """Keep a copy of a platform as it is now, under a name."""
        shutil.copytree(platform.folder, self.copies / name)
        database = conninfo_to_dict(platform.database.url)["dbname"]
        # PostgreSQL copies no database in use, and MLflow keeps its connections open.
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {database}")
        return name

    @contextmanager
    def copy(self, name: str) -> Iterator[Platform]:
        """A platform of the caller's own, like the one that was kept."""
        own = f"{name}_{uuid.uuid4().hex[:8]}"
        folder = self.copies / own
        source = self.copies / name
        shutil.copytree(source if source.exists() else self.kept / name, folder)
        self.server.execute(f"CREATE DATABASE {own} TEMPLATE {name}")
        try:
            with opened(self.server.database(own), folder) as platform:
                yield platform
        finally:
            self.server.execute(f"DROP DATABASE {own} WITH (FORCE)")
            shutil.rmtree(folder)


def make_platforms(folder: Path, server: Any) -> None:
    """Two platforms: `untrained`, with nothing but CSV files, and `trained` by one training job.

    Model files stay where they were first written, as MLflow notes their addresses.
    """
    templates, first = Templates(server, folder), folder / "first"
    synthesize(N_CLIENTS, SEED, first / "raw")
    server.execute("CREATE DATABASE first_platform")
    schema.upgrade(server.database("first_platform"), datetime.now(UTC).date())
    with opened(server.database("first_platform"), first) as platform:
        # Made here once: MLflow needs seconds for its tables.
        assert platform.clients.registry.production_version() is None
        templates.keep(platform, "untrained")
        assert platform.run("training_job", raise_on_error=True).success
        templates.keep(platform, "trained")


@pytest.fixture(scope="session")
def templates(
    made_once: Any,
    server_from: Any,
    keep_server: Any,
    prepared_data_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Templates]:
    """The platforms to copy, made by one process of the run, in a server of this one's own."""

    def make(folder: Path) -> None:
        with server_from(prepared_data_dir) as server:
            make_platforms(folder, server)
            server.stop()
            keep_server(server.data_dir, folder / "postgres")

    kept = made_once("platforms", make)
    with server_from(kept / "postgres") as server:
        yield Templates(server, kept, tmp_path_factory.mktemp("platforms"))


@pytest.fixture
def platform(templates: Templates) -> Iterator[Platform]:
    """A trained platform of this test's own."""
    with templates.copy("trained") as platform:
        yield platform


@pytest.fixture(scope="module")
def shared_platform(templates: Templates) -> Iterator[Platform]:
    """A trained platform for all tests of a file."""
    with templates.copy("trained") as platform:
        yield platform


@pytest.fixture
def untrained(templates: Templates) -> Iterator[Platform]:
    """A platform with CSV files and nothing else."""
    with templates.copy("untrained") as platform:
        yield platform
