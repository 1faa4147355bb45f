"""The model: a candidate trained on the newest features, and not yet judged.

Here: the asset `credit_model` and what it leaves behind (MLflow run, registry version,
out-of-fold predictions). Keep out: training and its figures (`credit_risk.training`),
promotion (`champion`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
from pydantic import Field

from credit_assets import owners
from credit_assets.features import CLIENT_FEATURES, FEATURE_VERSION
from credit_assets.metadata import picture
from credit_assets.raw import raw_digests, raw_file, raw_key
from credit_risk.canaries import choose_canaries
from credit_risk.charts.model import model_charts
from credit_risk.errors import PortfolioError
from credit_risk.evaluation import confusion
from credit_risk.live_weights import LiveWeights, live_weights
from credit_risk.scoring import Scorer
from credit_risk.training import TrainedModel, train
from credit_risk.training_parameters import TrainingParameters
from resources.code_version import code_version
from resources.dagster_resources import PlatformResource
from resources.feature_store import FeatureStore, FeatureVersion
from resources.lake import Lake

CREDIT_MODEL = dg.AssetKey("credit_model")

# The raw table that says who defaulted.
LABELS = "application_train"

MODEL_VERSION = "model/version"
CAUSE = "model/cause"


class TrainingConfig(dg.Config):
    """What a training may be told; by default it uses every labelled client, all alike."""

    cause: str = Field(default="a person or the schedule", description="why this training runs; kept in the registry")
    answers: dict[str, list[str]] = Field(
        default={}, description="days in alert that this training answers, each with the features that had moved"
    )
    alerted_model: str = Field(default="", description="the live model whose alerts these were")


def out_of_fold_file(version: str) -> str:
    """Where a model's out-of-fold predictions are in the lake."""
    return f"models/{version}/out_of_fold.parquet"


def labelled_clients(platform: PlatformResource, feature_version: str) -> tuple[pd.DataFrame, pd.Series]:
    """Features and targets of the clients of application_train, in one order."""
    features = FeatureStore(platform.lake).frame(feature_version)
    labels = platform.lake.read_frame(raw_file(LABELS), ["SK_ID_CURR", "TARGET"])
    joined = features.merge(labels, on="SK_ID_CURR", validate="one_to_one")
    return joined.drop(columns="TARGET"), joined["TARGET"]


@dg.asset(
    key=CREDIT_MODEL,
    group_name="model",
    owners=[owners.MODELS],
    kinds={"lightgbm", "mlflow"},
    deps=[CLIENT_FEATURES, raw_key(LABELS)],
)
def credit_model(
    context: dg.AssetExecutionContext,
    config: TrainingConfig,
    platform: PlatformResource,
    mlflow: dg.ResourceParam[Any],
) -> dg.MaterializeResult[None]:
    """Candidate model: LightGBM, calibrated, judged out of fold; registered with the alias `staging`.

    A training that answers drift alerts weights its rows towards the population of those days.
    """
    with ended(mlflow):
        store = FeatureStore(platform.lake)
        newest = store.newest()
        _require_labels_of(platform.lake, newest)
        frame, target = labelled_clients(platform, newest.version)
        parameters = TrainingParameters.for_size(len(frame))
        weights = _weights_towards(platform, [date.fromisoformat(day) for day in config.answers], frame, context)
        model = train(
            frame,
            target,
            parameters=parameters,
            weights=None if weights is None else weights.weights,
            progress=lambda done: context.log.info(str(done)),
            score_protected=platform.settings.score_protected,
        )
        manifest = model.manifest(
            feature_version=newest.version,
            raw_sha256=newest.raw_sha256,
            code_version=code_version(),
            trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
            mlflow_run_id=mlflow.active_run().info.run_id,
            cause=config.cause,
            monitored=platform.settings.drift_features,
        )
        pictures = model_charts(model)
        _track(mlflow, model, pictures, config)
        # Scored as whoever serves it will: from the text and the manifest, not from this process's booster.
        canaries = choose_canaries(frame, model.out_of_fold["probability"], Scorer(model.booster_text, manifest))
        version = platform.registry.register(model.booster_text, manifest, canaries)
        platform.lake.write_frame(out_of_fold_file(version), model.out_of_fold)
        platform.registry.annotate(version, cause=config.cause, dagster_run_id=context.run.run_id)
        for day, features in config.answers.items():
            platform.retraining_causes.record(
                date.fromisoformat(day),
                model_version=config.alerted_model,
                features=features,
                run_id=context.run.run_id,
            )
    return dg.MaterializeResult(
        metadata={
            MODEL_VERSION: version,
            CAUSE: config.cause,
            FEATURE_VERSION: newest.version,
            "n_train": len(frame),
            "n_features": len(model.feature_set.scored),
            "threshold": model.threshold,
            "mlflow_run_id": manifest.mlflow_run_id,
            "confusion": dg.MetadataValue.md(_confusion(model).to_markdown()),
            **_weight_metadata(weights),
            **{f"metric/{name}": float(value) for name, value in model.metrics.items()},
            **{name: picture(png, name) for name, png in pictures.items()},
        }
    )


@contextmanager
def ended(mlflow: Any) -> Iterator[None]:  # noqa: ANN401  # dagster-mlflow publishes no types
    """End the MLflow run with the block: FINISHED, or FAILED when it raises."""
    try:
        yield
    except BaseException:
        mlflow.end_run("FAILED")
        raise
    mlflow.end_run("FINISHED")


def _require_labels_of(lake: Lake, features: FeatureVersion) -> None:
    """Features and labels must be of the same file: a model names the files that it was trained on."""
    present = raw_digests(lake, [LABELS])[LABELS]
    if features.raw_sha256[LABELS] != present:
        raise PortfolioError(
            f"labels in raw/{LABELS} of another file than the newest features",
            expected="features computed from the present raw files",
            remedy="materialize the features again, then train",
        )


def _weights_towards(
    platform: PlatformResource, days: list[date], frame: pd.DataFrame, context: dg.AssetExecutionContext
) -> LiveWeights | None:
    """Weights of the training rows towards the population of the days; none without days."""
    if not days:
        return None
    live = pd.concat([platform.prediction_log.features_of(day) for day in days], ignore_index=True)
    live_model = platform.registry.production_version()
    if live_model is None:
        raise PortfolioError(
            "alerts to answer, but no model in production",
            expected="the model whose predictions moved",
            remedy="promote a model first, or train without `answers`",
        )
    monitored = [f for f in platform.registry.manifest(live_model).monitored_features if f in frame.columns]
    live = live.reindex(columns=monitored)
    weights = live_weights(frame, live, monitored)
    context.log.info("weighted towards %d live rows: effective size %.0f", len(live), weights.effective_sample_size)
    return weights


def _weight_metadata(weights: LiveWeights | None) -> dict[str, Any]:
    if weights is None:
        return {"weights/towards_live": False}
    return {
        "weights/towards_live": True,
        "weights/effective_sample_size": float(weights.effective_sample_size),
        "weights/classifier_auc": float(weights.auc),
        "weights/clipped_share": float(weights.clipped_share),
    }


def _confusion(model: TrainedModel) -> pd.DataFrame:
    rows = model.out_of_fold
    target, probability = (rows[name].to_numpy(np.float64) for name in ("target", "probability"))
    return confusion(target, probability, model.threshold).to_frame()


def _track(mlflow: Any, model: TrainedModel, pictures: Mapping[str, bytes], config: TrainingConfig) -> None:  # noqa: ANN401
    """Parameters, metrics and pictures into the MLflow run."""
    from tempfile import TemporaryDirectory

    mlflow.log_params({**model.parameters, "n_features": len(model.feature_set.scored), "cause": config.cause})
    mlflow.log_metrics({name: float(value) for name, value in model.metrics.items()})
    with TemporaryDirectory() as folder:
        scratch = Lake(folder)
        for name, png in pictures.items():
            scratch.write_bytes(f"{name}.png", png)
        mlflow.log_artifacts(folder, "pictures")
