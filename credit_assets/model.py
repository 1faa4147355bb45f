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
from credit_assets.raw import raw_digests, raw_key
from credit_assets.training_rows import (
    LABELS,
    outcomes_file,
    present_rows,
    recorded_outcomes,
    weights_towards,
    with_predictions,
)
from credit_risk.canaries import choose_canaries
from credit_risk.charts.model import model_charts
from credit_risk.errors import PortfolioError
from credit_risk.evaluation import confusion
from credit_risk.labels import SELECTION, TrainingRows, answer_of, n_new
from credit_risk.live_weights import LiveWeights
from credit_risk.manifest import Manifest
from credit_risk.scoring import Scorer
from credit_risk.training import TrainedModel, train
from credit_risk.training_parameters import TrainingParameters
from resources.code_version import code_version
from resources.dagster_resources import PlatformResource
from resources.feature_store import FeatureStore, FeatureVersion
from resources.lake import Lake
from resources.live_references import out_of_fold_file
from resources.retraining_causes import COST_KINDS

CREDIT_MODEL = dg.AssetKey("credit_model")

MODEL_VERSION = "model/version"
CAUSE = "model/cause"


class TrainingConfig(dg.Config):
    """What a training may be told; by default it uses every label that there is, all alike.

    The fields are those of `credit_risk.training_request.TrainingRequest`.
    """

    cause: str = Field(default="a person or the schedule", description="why this training runs; kept in the registry")
    answers: dict[str, list[str]] = Field(
        default={}, description="days in alert that this training answers, each with the features that had moved"
    )
    costs: dict[str, str] = Field(
        default={}, description="cost alarms that it answers, estimated or realised: the last day of the evidence"
    )
    towards: list[str] = Field(default=[], description="further days whose applicants the rows are weighted towards")
    alerted_model: str = Field(default="", description="the live model whose alerts and alarms these were")
    kind: str = Field(default="", description="schedule or person, where no alert asks")
    author: str = Field(default="", description="the person who asks")

    @property
    def days(self) -> list[date]:
        """The days whose applicants the training rows are weighted towards."""
        return sorted(date.fromisoformat(day) for day in {*self.answers, *self.towards})


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

    Trained on the labelled clients and on the decisions whose outcome is known. A training that
    answers drift alerts weights its rows towards the population of those days.
    """
    with ended(mlflow):
        newest = FeatureStore(platform.lake).newest()
        _require_labels_of(platform.lake, newest)
        rows = present_rows(platform, newest.version)
        weights = weights_towards(platform, config.days, rows) if config.days else None
        described = _rows_metadata(rows, weights)
        context.log.info("%s", described)
        answer = _answer(platform, newest, rows, config)
        cause = f"{config.cause}; {answer}" if answer else config.cause
        model = _trained(context, platform, rows, weights)
        manifest = _manifest(platform, mlflow, model, newest, cause)
        pictures = model_charts(model)
        _track(mlflow, model, pictures, {"cause": cause, "n_raw": rows.n_raw, "n_outcomes": rows.n_outcomes})
        version = _registered(platform, model, manifest, rows)
        platform.registry.annotate(
            version, cause=cause, dagster_run_id=context.run.run_id, n_outcomes=str(rows.n_outcomes)
        )
        _record_causes(platform, config, context.run.run_id)
    return dg.MaterializeResult(
        metadata={
            MODEL_VERSION: version,
            CAUSE: cause,
            FEATURE_VERSION: newest.version,
            "n_train": len(rows.frame),
            "n_features": len(model.feature_set.scored),
            "threshold": model.threshold,
            "mlflow_run_id": manifest.mlflow_run_id,
            "confusion": dg.MetadataValue.md(_confusion(model).to_markdown()),
            **described,
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


def _trained(
    context: dg.AssetExecutionContext, platform: PlatformResource, rows: TrainingRows, weights: LiveWeights | None
) -> TrainedModel:
    return train(
        rows.frame,
        rows.target,
        parameters=TrainingParameters.for_size(len(rows.frame)),
        weights=None if weights is None else weights.weights,
        progress=lambda done: context.log.info(str(done)),
        score_protected=platform.settings.score_protected,
        # A client's loans are rows of their own, and share a fold.
        one_row_a_client=False,
    )


def _manifest(
    platform: PlatformResource,
    mlflow: Any,  # noqa: ANN401  # dagster-mlflow publishes no types
    model: TrainedModel,
    features: FeatureVersion,
    cause: str,
) -> Manifest:
    return model.manifest(
        feature_version=features.version,
        raw_sha256=features.raw_sha256,
        code_version=code_version(),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        mlflow_run_id=mlflow.active_run().info.run_id,
        cause=cause,
        monitored=platform.settings.drift_features,
    )


def _registered(platform: PlatformResource, model: TrainedModel, manifest: Manifest, rows: TrainingRows) -> str:
    """Register the model and keep its out-of-fold predictions; returns the version."""
    clients = model.out_of_fold.iloc[: rows.n_raw]
    # Scored as whoever serves it will: from the text and the manifest, not from this process's
    # booster. Of labelled clients alone: a stored decision's features may have to be erased.
    scorer = Scorer(model.booster_text, manifest)
    canaries = choose_canaries(rows.frame.iloc[: rows.n_raw], clients["probability"], scorer)
    version = platform.registry.register(model.booster_text, manifest, canaries)
    platform.lake.write_frame(out_of_fold_file(version), clients)
    platform.lake.write_frame(outcomes_file(version), with_predictions(rows, model.out_of_fold))
    return version


def _answer(platform: PlatformResource, newest: FeatureVersion, rows: TrainingRows, config: TrainingConfig) -> str:
    """What this training has to go by that the one before it had not."""
    before = platform.registry.staging_version()
    if before is None:
        return answer_of(rows.n_outcomes, before=None, other_labels=False, towards=config.days)
    fresh = n_new(rows, recorded_outcomes(platform, before))
    other_labels = platform.registry.manifest(before).raw_sha256[LABELS] != newest.raw_sha256[LABELS]
    return answer_of(fresh, before=before, other_labels=other_labels, towards=config.days)


def _record_causes(platform: PlatformResource, config: TrainingConfig, run_id: str) -> None:
    """Write down what was answered, now that there is a model that answers it."""
    causes, told = platform.retraining_causes, {"run_id": run_id, "detail": config.cause, "author": config.author}
    for day, features in config.answers.items():
        causes.record(date.fromisoformat(day), model_version=config.alerted_model, features=features, **told)
    for basis, last in config.costs.items():
        kind = COST_KINDS[basis]  # type: ignore[index]  # an unknown basis is an error of the request
        causes.record(date.fromisoformat(last), model_version=config.alerted_model, features=(), kind=kind, **told)
    if config.kind:
        today = datetime.now(UTC).date()
        causes.record(today, model_version=config.alerted_model, features=(), kind=config.kind, **told)


def _rows_metadata(rows: TrainingRows, weights: LiveWeights | None) -> dict[str, Any]:
    described: dict[str, Any] = {"n_raw": rows.n_raw, "n_outcomes": rows.n_outcomes}
    if rows.days is not None:
        first, last = rows.days
        described |= {
            "outcomes/from": first.isoformat(),
            "outcomes/to": last.isoformat(),
            "outcomes/of_labelled_clients": rows.n_known_clients,
            "outcomes/selection": SELECTION,
        }
    if rows.left_out:
        described["outcomes/left_out"] = dict(rows.left_out)
    if weights is None:
        return {**described, "weights/towards_live": False}
    return {
        **described,
        "weights/towards_live": True,
        "weights/effective_sample_size": float(weights.effective_sample_size),
        "weights/classifier_auc": float(weights.auc),
        "weights/clipped_share": float(weights.clipped_share),
    }


def _confusion(model: TrainedModel) -> pd.DataFrame:
    rows = model.out_of_fold
    target, probability = (rows[name].to_numpy(np.float64) for name in ("target", "probability"))
    return confusion(target, probability, model.threshold).to_frame()


def _track(mlflow: Any, model: TrainedModel, pictures: Mapping[str, bytes], told: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Parameters, metrics and pictures into the MLflow run."""
    from tempfile import TemporaryDirectory

    mlflow.log_params({**model.parameters, "n_features": len(model.feature_set.scored), **told})
    mlflow.log_metrics({name: float(value) for name, value in model.metrics.items()})
    with TemporaryDirectory() as folder:
        scratch = Lake(folder)
        for name, png in pictures.items():
            scratch.write_bytes(f"{name}.png", png)
        mlflow.log_artifacts(folder, "pictures")
