"""The model registry: MLflow, with its tables in the same PostgreSQL and its files in the lake.

Here: registering a candidate, moving the aliases `staging` and `production`, loading a
version for scoring. Keep out: judging models (`credit_risk.promotion`) and tracking
metrics of a run (the asset does that inside the run that dagster-mlflow opened).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from credit_risk.errors import ModelError, UnavailableError
from credit_risk.manifest import Manifest
from resources.database import Database
from resources.lake import Lake
from resources.live_models import LiveModels

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "credit_risk"
EXPERIMENT = "credit_risk"
PRODUCTION = "production"
STAGING = "staging"

MANIFEST_FILE = "manifest.json"
# MLflow's LightGBM flavour writes the booster as LightGBM text under this name.
BOOSTER_FILE = "model.lgb"


@dataclass(frozen=True)
class StoredModel:
    """One registered version, ready to score."""

    version: str
    booster_text: str
    manifest: Manifest

    def save(self, folder: Path) -> None:
        """Keep a copy in a folder; a reader sees the old copy or the new one, never a mixture."""
        folder.mkdir(parents=True, exist_ok=True)
        version_dir = folder / self.version
        version_dir.mkdir(exist_ok=True)
        (version_dir / "booster.txt").write_text(self.booster_text)
        (version_dir / MANIFEST_FILE).write_text(self.manifest.to_json())
        pointer = folder / "version.part"
        pointer.write_text(self.version)
        pointer.replace(folder / "version")

    @classmethod
    def read(cls, folder: Path) -> "StoredModel | None":
        """The copy that `save` kept, or None when there is none.

        Raises:
            ModelError: the copy is incomplete.
        """
        pointer = folder / "version"
        if not pointer.exists():
            return None
        version = pointer.read_text().strip()
        try:
            booster_text = (folder / version / "booster.txt").read_text()
            manifest_text = (folder / version / MANIFEST_FILE).read_text()
        except FileNotFoundError as error:
            raise ModelError(
                f"no {Path(error.filename).name} of model {version} in {folder}",
                expected="booster.txt and manifest.json",
                remedy="remove the folder; the next load from the registry writes it anew",
            ) from None
        return cls(version, booster_text, Manifest.from_json(manifest_text))


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
        self._client: MlflowClient | None = None

    @property
    def client(self) -> "MlflowClient":
        """MLflow's client; the first use makes MLflow's tables and our experiment.

        Raises:
            UnavailableError: the registry does not answer.
        """
        if self._client is None:
            # MLflow posts usage statistics unless told otherwise before it is imported.
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException

            self.database.ensure_schema("mlflow")
            client = MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)
            if client.get_experiment_by_name(EXPERIMENT) is None:
                try:
                    # Without a location MLflow would write model files below the current folder.
                    client.create_experiment(EXPERIMENT, artifact_location=self.artifact_root)
                except MlflowException:
                    # Another process made it meanwhile; anything else is still wrong below.
                    if client.get_experiment_by_name(EXPERIMENT) is None:
                        raise
            self._client = client
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

    def _version_of(self, alias: str) -> str | None:
        from mlflow.exceptions import MlflowException

        client = self._connected()
        try:
            return str(client.get_model_version_by_alias(MODEL_NAME, alias).version)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise self._unavailable(error) from None

    def load(self, version: str) -> StoredModel:
        """Fetch one version.

        Raises:
            ModelError: the version is unknown or its files are incomplete.
            UnavailableError: the registry does not answer.
        """
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        client = self._connected()
        try:
            run_id = str(client.get_model_version(MODEL_NAME, version).run_id)
            with TemporaryDirectory() as folder:
                model_dir = download_artifacts(
                    f"models:/{MODEL_NAME}/{version}", dst_path=folder, tracking_uri=self.tracking_uri
                )
                booster_text = (Path(model_dir) / BOOSTER_FILE).read_text()
                manifest_path = client.download_artifacts(run_id, MANIFEST_FILE, folder)
                manifest_text = Path(manifest_path).read_text()
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code in {
                "TEMPORARILY_UNAVAILABLE",
                "INTERNAL_ERROR",
            }:
                raise self._unavailable(error) from None
            raise ModelError(
                f"model {version} without all of its files ({_first_line(error)})",
                expected=f"{BOOSTER_FILE} and {MANIFEST_FILE} in the registry",
                remedy="materialize credit_model again, or roll back to another version",
            ) from None
        return StoredModel(version, booster_text, Manifest.from_json(manifest_text))

    def manifest(self, version: str) -> Manifest:
        """The manifest of one version, without its booster. Raises as `load` does."""
        from mlflow.exceptions import MlflowException

        client = self._connected()
        try:
            run_id = str(client.get_model_version(MODEL_NAME, version).run_id)
            with TemporaryDirectory() as folder:
                text = Path(client.download_artifacts(run_id, MANIFEST_FILE, folder)).read_text()
        except (MlflowException, OSError) as error:
            raise self._unusable(version, error) from None
        return Manifest.from_json(text)

    def register(self, booster_text: str, manifest: Manifest) -> str:
        """Log the model into the active MLflow run and register it; alias `staging`. Returns the version."""
        import lightgbm
        import mlflow

        self._connected()
        mlflow.log_text(manifest.to_json(), MANIFEST_FILE)
        info = mlflow.lightgbm.log_model(
            lightgbm.Booster(model_str=booster_text),
            name="model",
            registered_model_name=MODEL_NAME,
            # Named here, because MLflow would otherwise load the model in a second process to find out.
            pip_requirements=[f"lightgbm=={lightgbm.__version__}"],
        )
        version = str(info.registered_model_version)
        self.client.set_registered_model_alias(MODEL_NAME, STAGING, version)
        return version

    def promote(self, version: str, *, cause: str, author: str) -> None:
        """Make a version production and write down since when, why, and who said so."""
        self._connected().set_registered_model_alias(MODEL_NAME, PRODUCTION, version)
        self.live_models.append(version, cause=cause, author=author)

    def annotate(self, version: str, **tags: str) -> None:
        """Put tags on a registered version, for people who read the registry."""
        for key, value in tags.items():
            self._connected().set_model_version_tag(MODEL_NAME, version, key, value)

    def versions(self) -> list[dict[str, Any]]:
        """All registered versions, oldest first: version, run id, tags, aliases. Raises UnavailableError."""
        found = self._connected().search_model_versions(f"name='{MODEL_NAME}'")
        rows = [
            {
                "version": str(v.version),
                "run_id": v.run_id,
                "tags": dict(v.tags),
                "aliases": list(v.aliases or []),
            }
            for v in found
        ]
        return sorted(rows, key=lambda row: int(row["version"]))

    def _connected(self) -> "MlflowClient":
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return self.client
        except (MlflowException, SQLAlchemyError) as error:
            raise self._unavailable(error) from None

    def _unusable(self, version: str, error: Exception) -> ModelError | UnavailableError:
        if getattr(error, "error_code", "") in {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR"}:
            return self._unavailable(error)
        return ModelError(
            f"model {version} without all of its files ({_first_line(error)})",
            expected=f"{BOOSTER_FILE} and {MANIFEST_FILE} in the registry",
            remedy="materialize credit_model again, or roll back to another version",
        )

    def _unavailable(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"no answer from the model registry ({_first_line(error)})",
            expected=f"MLflow's tables in {self.database.safe_url}",
            remedy="start PostgreSQL, or correct DATABASE_URL",
        )


def open_registry(database: Database, lake: Lake) -> Registry:
    """The registry whose tables are in `database` and whose files are in `lake`."""
    return Registry(database, artifact_root=lake.uri("mlflow"))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
