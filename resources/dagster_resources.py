"""The clients as Dagster resources: each hands out the plain client, opened on first use.

The only file here, with `dagster_storage`, that knows Dagster. Nothing connects or reads the
environment when definitions load. Keep out: behaviour; it belongs to the plain clients.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from resources import schema
from resources.database import Database, open_database
from resources.drift_pages import DriftPages
from resources.drift_reports import DriftReports
from resources.lake import Lake
from resources.live_models import LiveModels
from resources.live_references import LiveReferences
from resources.model_comparisons import ModelComparisons
from resources.outcomes import Outcomes
from resources.performance_reports import PerformanceReports
from resources.prediction_log import PredictionLog
from resources.random_approvals import RandomApprovals
from resources.retraining_causes import RetrainingCauses
from resources.settings import Settings, load_settings
from resources.training_reference import TrainingReference

if TYPE_CHECKING:
    from resources.decision_archive import DecisionArchive
    from resources.engine import Engine
    from resources.registry import Registry


@cache
def _bring_up_to_date(url: str) -> None:
    # Once a process: every tick of a sensor opens its resources anew.
    schema.upgrade(Database(url), datetime.now(UTC).date())


class PlatformResource(dg.ConfigurableResource[Any]):
    """Settings, and the clients that follow from them."""

    overrides: dict[str, str] = Field(
        default={}, description="settings by name that go before the environment; secrets do not belong here"
    )
    _settings: Settings | None = PrivateAttr(default=None)
    _database: Database | None = PrivateAttr(default=None)
    _registry: Any = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        if self._settings is None:
            self._settings = load_settings(self.overrides)
        return self._settings

    @property
    def database(self) -> Database:
        """PostgreSQL with the platform's tables.

        The embedded one is brought up to date on the way, so that the graph runs on a fresh clone;
        a database that somebody administers is only asked.

        Raises:
            UnavailableError: nothing answers, or `credit db upgrade` was not run there.
        """
        if self._database is None:
            database = open_database(self.settings)
            if self.settings.database_url is None:
                _bring_up_to_date(database.url)
            else:
                schema.require_schema(database)
            self._database = database
        return self._database

    @property
    def lake(self) -> Lake:
        """Parquet tables and reports."""
        return Lake(self.settings.lake_root)

    @property
    def engine(self) -> "Engine":
        """A fresh engine for features."""
        from resources.engine_choice import open_engine

        return open_engine(self.settings, self.lake)

    @property
    def registry(self) -> "Registry":
        """The model registry."""
        from resources.registry import open_registry

        if self._registry is None:
            self._registry = open_registry(self.database, self.lake)
        registry: Registry = self._registry
        return registry

    @property
    def live_models(self) -> LiveModels:
        """The history of the live model."""
        return LiveModels(self.database)

    @property
    def prediction_log(self) -> PredictionLog:
        """The stored decisions, archived days among them."""
        return PredictionLog(self.database, self.decision_archive)

    @property
    def decision_archive(self) -> "DecisionArchive":
        """Closed days of decisions in the lake."""
        from resources.decision_archive import DecisionArchive

        return DecisionArchive(self.database, self.lake)

    @property
    def drift_reports(self) -> DriftReports:
        """The stored drift reports."""
        return DriftReports(self.database)

    @property
    def drift_pages(self) -> DriftPages:
        """The pages of the drift reports."""
        return DriftPages(self.lake, self.prediction_log, self.drift_reports)

    @property
    def live_references(self) -> LiveReferences:
        """What days are compared with; each model's is read once as long as this is kept."""
        return LiveReferences(self.live_models, self.registry, self.training_reference, self.settings.drift_features)

    @property
    def outcomes(self) -> Outcomes:
        """What became of decisions."""
        return Outcomes(self.database)

    @property
    def random_approvals(self) -> RandomApprovals:
        """Who of the refused was approved by lot."""
        return RandomApprovals(self.database)

    @property
    def performance_reports(self) -> PerformanceReports:
        """The stored performance reports."""
        return PerformanceReports(self.database)

    @property
    def retraining_causes(self) -> RetrainingCauses:
        """The alerts that were answered."""
        return RetrainingCauses(self.database)

    @property
    def model_comparisons(self) -> ModelComparisons:
        """What the gate said about each challenger."""
        return ModelComparisons(self.lake)

    @property
    def training_reference(self) -> TrainingReference:
        """Statistics and samples of training data."""
        return TrainingReference(self.database, self.lake)


@dg.resource(required_resource_keys={"platform"}, description="The MLflow run of this Dagster run.")
def mlflow_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """dagster-mlflow's tracking resource, pointed at the platform's registry.

    It opens an MLflow run and tags it with the Dagster run. The asset that trains ends it,
    because a run launched from the UI has no job of ours to hang a hook on.
    """
    # dagster-mlflow imports in seconds: only runs that train pay for it.
    from dagster_mlflow import mlflow_tracking

    from resources.registry import EXPERIMENT

    registry = context.resources.platform.registry
    registry.client.get_experiment_by_name(EXPERIMENT)
    configured = context.replace_config(
        {
            "experiment_name": EXPERIMENT,
            "mlflow_tracking_uri": registry.tracking_uri,
            "env": {},
            "extra_tags": {},
        }
    )
    resource_fn: Any = mlflow_tracking.resource_fn
    for mlflow in resource_fn(configured):
        yield mlflow
        # It was opened before the first step: a run that failed before it trained has not ended it.
        if mlflow.active_run() is not None:
            mlflow.end_run("FAILED")
