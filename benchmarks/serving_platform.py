"""A platform for the time of a benchmark: a home folder, a real PostgreSQL, and the model in production.

Here: what `credit up` and a first training would leave behind, made in a folder that goes away. Keep out: the
servers that use it (`serving_sides`).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.portfolios import CACHE
from benchmarks.serving_files import Bench
from benchmarks.serving_process import cpu_seconds
from credit_risk.canaries import Canaries
from resources import embedded_postgres, postmaster, schema
from resources.api_keys import ApiKeys
from resources.database import Database, open_database
from resources.feature_store import FeatureStore
from resources.lake import Lake
from resources.online_features_load import load_online_features
from resources.registry import EXPERIMENT, open_registry
from resources.settings import ENV_FILE, Settings, load_settings


@dataclass(frozen=True)
class Platform:
    """What servers are told.

    Attributes:
        settings: of the platform.
        database: its PostgreSQL.
        api_key: may score.
    """

    settings: Settings
    database: Database
    api_key: str

    def environment(self, port: int) -> dict[str, str]:
        """The variables of a service on a port."""
        home = self.settings.home
        return {
            ENV_FILE: "",
            "CREDIT_HOME": str(home),
            "CREDIT_LAKE": self.settings.lake_root,
            "CREDIT_API_HOST": "127.0.0.1",
            "CREDIT_API_PORT": str(port),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def database_cpu_seconds(self) -> float:
        """What the server has used since it started; 0 while there is none."""
        server = postmaster.find(self.settings.postgres_dir)
        return 0.0 if server is None else cpu_seconds(server.pid)

    def stored_decisions(self) -> int:
        """How many decisions are on record."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT count(*) FROM credit.predictions").fetchone()
        return int(row[0]) if row else 0


def forget_settings(environment: Mapping[str, str]) -> list[str]:
    """Names of variables that point at a platform: a benchmark must not write into anybody's database."""
    return [name for name in environment if name.startswith("CREDIT_") or name == "DATABASE_URL"]


@contextmanager
def running_platform(bench: Bench) -> Iterator[Platform]:
    """The platform, until the block ends; nothing of it remains."""
    for name in forget_settings(os.environ):
        del os.environ[name]
    os.environ[ENV_FILE] = ""
    CACHE.mkdir(parents=True, exist_ok=True)
    # On the disk of the checkout, not in a /tmp that may be memory: commits must cost what they cost.
    home = Path(tempfile.mkdtemp(prefix="serving-home-", dir=CACHE))
    # PostgreSQL runs as a user of its own where the benchmark runs as root.
    home.chmod(0o755)
    settings = load_settings({"CREDIT_HOME": str(home), "CREDIT_LAKE": str(home / "lake")})
    try:
        shutil.copytree(bench.lake, home / "lake")
        database = open_database(settings)
        schema.upgrade(database, datetime.now(UTC).date())
        store = FeatureStore(Lake(settings.lake_root))
        load_online_features(database, store, store.newest())
        _put_in_production(bench, database, settings)
        _, api_key = ApiKeys(database).create("benchmark", ["score"], created_by="benchmark")
        yield Platform(settings, database, api_key)
    finally:
        embedded_postgres.stop(settings.postgres_dir)
        shutil.rmtree(home, ignore_errors=True)


def _put_in_production(bench: Bench, database: Database, settings: Settings) -> None:
    import mlflow

    registry = open_registry(database, Lake(settings.lake_root))
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    mlflow.set_tracking_uri(registry.tracking_uri)
    booster_text = bench.booster.read_text(encoding="utf-8")
    canaries = Canaries.from_json(bench.canaries_file.read_text(encoding="utf-8"))
    with mlflow.start_run(experiment_id=experiment.experiment_id if experiment else None) as run:
        manifest = replace(bench.manifest(), mlflow_run_id=run.info.run_id)
        version = registry.register(booster_text, manifest, canaries)
    registry.promote(version, cause="benchmark", author="benchmark")
