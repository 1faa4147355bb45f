"""The model registry: MLflow, with its tables in the same PostgreSQL and its files in the lake.

Here: registering a candidate, moving the aliases `staging` and `production`, loading a
version for scoring. Keep out: judging models (`credit_risk.gate`) and tracking
metrics of a run (the asset does that inside the run that dagster-mlflow opened).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from credit_risk.canaries import Canaries
from credit_risk.errors import ModelError, UnavailableError
from credit_risk.manifest import Manifest
from resources.database import Database
from resources.lake import Lake
from resources.live_models import LiveModels
from resources.stored_model import CANARIES_FILE, MANIFEST_FILE, StoredModel

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "credit_risk"
EXPERIMENT = "credit_risk"
PRODUCTION = "production"
STAGING = "staging"

# Whatever is in production may be replaced.
ANY_VERSION = "*"

# MLflow's LightGBM flavour writes the booster as LightGBM text under this name.
BOOSTER_FILE = "model.lgb"

# MLflow's words for a database that does not answer; all others are about what was asked for.
AWAY = {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR"}
ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


class Registry:
    """MLflow's registry, reached through its own client.

    Args:
        database: holds MLflow's tables in the schema `mlflow`.
        artifact_root: address of the folder for model files.
    """

    def __init__(self, database: Database, artifact_root: str) -> None:
        self.database = database
        self.artifact_root = artifact_root
        self.tracking_uri = database.schema_url("mlflow", driver="psycopg2")
        self.live_models = LiveModels(database)
        # MLflow posts usage statistics unless told otherwise before it is imported.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        # A bar on standard error for a file of a few hundred kilobytes is noise in every log.
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        self._client: MlflowClient | None = None

    @property
    def client(self) -> "MlflowClient":
        """MLflow's client; the first use makes MLflow's tables and our experiment.

        Raises:
            SettingsError: this user may not make the schema of MLflow's tables.
            UnavailableError: the registry does not answer.
        """
        if self._client is None:
            # Asked first, because MLflow tries for minutes to reach a database that is away.
            self.database.ensure_schema("mlflow")
            with self._translated():
                self._client = self._open()
        return self._client

    def production_version(self) -> str | None:
        """The version that the registry calls production, or None.

        Raises:
            UnavailableError: the registry does not answer.
        """
        return self._version_of(PRODUCTION)

    def staging_version(self) -> str | None:
        """The newest candidate's version, or None. Raises UnavailableError."""
        return self._version_of(STAGING)

    def load(self, version: str) -> StoredModel:
        """Fetch one version.

        Raises:
            ModelError: the version is unknown or its files are incomplete.
            UnavailableError: the registry does not answer.
        """
        with self._translated(version), TemporaryDirectory() as folder:
            from mlflow.artifacts import download_artifacts

            run_id = self._run_of(version)
            manifest = self._file_text(run_id, MANIFEST_FILE, folder)
            canaries = self._canaries(run_id, folder)
            # By its address: asked by name, MLflow opens a registry of its own in the current folder.
            source = str(self.client.get_model_version(MODEL_NAME, version).source)
            address = self.client.get_logged_model(source.removeprefix("models:/")).artifact_location
            model_dir = download_artifacts(artifact_uri=address, dst_path=folder)
            booster = (Path(model_dir) / BOOSTER_FILE).read_text(encoding="utf-8")
        return StoredModel(version, booster, Manifest.from_json(manifest), canaries)

    def manifest(self, version: str) -> Manifest:
        """The manifest of one version, without its booster. Raises as `load` does."""
        with self._translated(version), TemporaryDirectory() as folder:
            text = self._file_text(self._run_of(version), MANIFEST_FILE, folder)
        return Manifest.from_json(text)

    def register(self, booster_text: str, manifest: Manifest, canaries: Canaries | None = None) -> str:
        """Log the model into the active MLflow run and register it; alias `staging`. Returns the version.

        Args:
            booster_text: LightGBM's text format.
            manifest: of the same model.
            canaries: what it must score before it answers anybody.

        Raises:
            ModelError: no MLflow run is active; MLflow would open one wherever it happens to point.
            UnavailableError: the registry does not answer.
        """
        client = self.client
        import lightgbm
        import mlflow

        if mlflow.active_run() is None or mlflow.get_tracking_uri() != self.tracking_uri:
            raise ModelError(
                "no active MLflow run in the platform's registry",
                expected="the run that the training opened",
                remedy="call this within it, with MLflow's tracking URI set to the registry's",
            )
        with self._translated():
            mlflow.log_text(manifest.to_json(), MANIFEST_FILE)
            if canaries is not None:
                mlflow.log_text(canaries.to_json(), CANARIES_FILE)
            info = mlflow.lightgbm.log_model(
                lightgbm.Booster(model_str=booster_text),
                name="model",
                registered_model_name=MODEL_NAME,
                # Named here, because MLflow would otherwise load the model in a second process to find out.
                pip_requirements=[f"lightgbm=={lightgbm.__version__}"],
            )
            version = str(info.registered_model_version)
            client.set_registered_model_alias(MODEL_NAME, STAGING, version)
        return version

    def promote(self, version: str, *, cause: str, author: str, instead_of: str | None = ANY_VERSION) -> None:
        """Make a version production and write down since when, why, and who said so; promotion and rollback alike.

        Args:
            version: goes live.
            cause: a sentence.
            author: who let it go live.
            instead_of: the version that it was compared with (None: that there was none); nobody else's decision in
                the meantime is overruled then.

        Raises:
            ModelError: the version is unknown, or another one than `instead_of` is in production by now.
            UnavailableError: the registry does not answer.
        """
        with self._translated(version):
            self.client.get_model_version(MODEL_NAME, version)
            with self.live_models.one_at_a_time():
                if instead_of != ANY_VERSION:
                    self._require_production(instead_of, version)
                # Written down first: promoting again after a crash in between mends both.
                self.live_models.append(version, cause=cause, author=author)
                self.client.set_registered_model_alias(MODEL_NAME, PRODUCTION, version)

    def annotate(self, version: str, **tags: str) -> None:
        """Put tags on a registered version, for people who read the registry. Raises as `promote` does."""
        with self._translated(version):
            for key, value in tags.items():
                self.client.set_model_version_tag(MODEL_NAME, version, key, value)

    def versions(self) -> list[dict[str, Any]]:
        """All registered versions, oldest first: version, run id, tags, aliases. Raises UnavailableError."""
        with self._translated():
            found = self.client.search_model_versions(f"name='{MODEL_NAME}'")
            # A search does not say which aliases point at what it found.
            pointing = self.client.get_registered_model(MODEL_NAME).aliases if found else {}
        rows = [
            {
                "version": str(v.version),
                "run_id": v.run_id,
                "tags": dict(v.tags),
                "aliases": sorted(alias for alias, version in pointing.items() if str(version) == str(v.version)),
            }
            for v in found
        ]
        return sorted(rows, key=lambda row: int(row["version"]))

    def _open(self) -> "MlflowClient":
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        client = MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            try:
                # Without a location MLflow would write model files below the current folder.
                client.create_experiment(EXPERIMENT, artifact_location=self.artifact_root)
            except MlflowException:
                # Another process made it meanwhile; anything else is still wrong below.
                if client.get_experiment_by_name(EXPERIMENT) is None:
                    raise
        # MLflow connects its model registry on the first use: now, while the database answers.
        client.search_registered_models(max_results=1)
        return client

    def _version_of(self, alias: str) -> str | None:
        with self._translated():
            from mlflow.exceptions import MlflowException

            try:
                return str(self.client.get_model_version_by_alias(MODEL_NAME, alias).version)
            except MlflowException as error:
                if error.error_code in ABSENT:
                    return None
                raise

    def _require_production(self, expected: str | None, for_version: str) -> None:
        # This version itself: its promotion is carried out again.
        found = self.production_version()
        if found not in {expected, for_version}:
            raise ModelError(
                f"version {found or 'none'} in production, where version {for_version} was to replace "
                f"{expected or 'none'}",
                expected="nobody's promotion or rollback in the meantime",
                remedy="materialize model_comparison again, then champion_model",
            )

    def _run_of(self, version: str) -> str:
        return str(self.client.get_model_version(MODEL_NAME, version).run_id)

    def _file_text(self, run_id: str, name: str, folder: str) -> str:
        return Path(self.client.download_artifacts(run_id, name, folder)).read_text(encoding="utf-8")

    def _canaries(self, run_id: str, folder: str) -> Canaries | None:
        # Models of before there were canaries have none; a download that fails is something else.
        if all(artifact.path != CANARIES_FILE for artifact in self.client.list_artifacts(run_id)):
            return None
        return Canaries.from_json(self._file_text(run_id, CANARIES_FILE, folder))

    @contextmanager
    def _translated(self, version: str | None = None) -> Iterator[None]:
        """What MLflow raises in the block, as an error of ours; `version` is what was asked for."""
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            away = isinstance(error, SQLAlchemyError | ConnectionError | TimeoutError)
            if version is None or away or getattr(error, "error_code", None) in AWAY:
                raise UnavailableError(
                    f"no answer from the model registry ({_first_line(error)})",
                    expected=f"MLflow's tables in {self.database.safe_url}, its files in {self.artifact_root}",
                    remedy="start PostgreSQL, or correct DATABASE_URL and CREDIT_LAKE",
                ) from None
            raise ModelError(
                f"model {version} unknown, or without all of its files ({_first_line(error)})",
                expected=f"{BOOSTER_FILE} and {MANIFEST_FILE} in the registry",
                remedy="materialize credit_model again, or roll back to another version",
            ) from None


def open_registry(database: Database, lake: Lake) -> Registry:
    """The registry whose tables are in `database` and whose files are in `lake`."""
    return Registry(database, artifact_root=lake.uri("mlflow"))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
