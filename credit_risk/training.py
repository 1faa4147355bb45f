"""Training: a feature frame and its labels make a model that can be scored, judged and registered.

Here: fold boosters and the final booster, and what is derived from their out-of-fold
predictions. Add to it when training takes new input. Keep out: the parameters
(training_parameters), reading features, MLflow, and whether the model goes live (promotion).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.business_cost import cost_curve
from credit_risk.calibration import Calibration, fit_calibration
from credit_risk.errors import PortfolioError
from credit_risk.estimate import Floats, unit_weights
from credit_risk.evaluation import metrics
from credit_risk.feature_set import FeatureSet
from credit_risk.folds import check_folds, fold_of, splits
from credit_risk.manifest import Manifest
from credit_risk.monitored import MONITORED, monitored_features
from credit_risk.scoring import booster_sha256
from credit_risk.training_parameters import TrainingParameters

if TYPE_CHECKING:
    import lightgbm

# A line every 50 rounds is 5 to 40 lines a training: readable, and a stall is seen.
ROUNDS_PER_PROGRESS = 50


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training is: rounds done of at most `max_rounds`, and the folds' mean log-loss."""

    stage: Literal["folds", "final"]
    rounds: int
    max_rounds: int
    log_loss: float | None = None

    def __str__(self) -> str:
        loss = "" if self.log_loss is None else f", out-of-fold log-loss {self.log_loss:.5f}"
        return f"{self.stage}: round {self.rounds} of at most {self.max_rounds}{loss}"


Progress = Callable[[TrainingProgress], None]


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A booster and what is known about it.

    Attributes:
        booster_text: LightGBM's text format; columns are named as the features.
        feature_set: what it takes.
        calibration: fitted on the out-of-fold raw scores.
        threshold: of least business cost on the out-of-fold probabilities.
        out_of_fold: one row a training row: SK_ID_CURR, fold, target, probability, weight (mean 1).
        importances: gain by scored feature, most important first.
        metrics: out-of-fold figures, weighted as trained (`credit_risk.evaluation.metrics`).
        parameters: of the training, with the number of rounds that early stopping chose.
    """

    booster_text: str = field(repr=False)
    feature_set: FeatureSet
    calibration: Calibration
    threshold: float
    out_of_fold: pd.DataFrame = field(repr=False)
    importances: dict[str, float]
    metrics: dict[str, float]
    parameters: dict[str, Any]

    def manifest(
        self,
        *,
        feature_version: str,
        raw_sha256: dict[str, str],
        code_version: str,
        trained_at: str,
        mlflow_run_id: str,
        cause: str,
        monitored: int | Literal["all"] = MONITORED,
    ) -> Manifest:
        """The manifest of this model; the arguments are what only the caller knows."""
        return Manifest(
            feature_set=self.feature_set,
            threshold=self.threshold,
            calibration=self.calibration,
            booster_sha256=booster_sha256(self.booster_text),
            feature_version=feature_version,
            raw_sha256=raw_sha256,
            code_version=code_version,
            monitored_features=monitored_features(self.importances, monitored),
            importances=self.importances,
            metrics=self.metrics,
            trained_at=trained_at,
            mlflow_run_id=mlflow_run_id,
            cause=cause,
            n_train=len(self.out_of_fold),
            parameters=self.parameters,
        )


def train(
    frame: pd.DataFrame,
    target: npt.ArrayLike,
    *,
    parameters: TrainingParameters | None = None,
    weights: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    score_protected: bool = False,
    one_row_a_client: bool = True,
) -> TrainedModel:
    """Train a LightGBM model of default with calibrated probabilities and a threshold.

    One number of rounds for all folds, chosen by early stopping on their mean log-loss, also
    trains the final booster on all rows. No class weights: they would only move the threshold
    and cost accuracy. The same input gives the same model.

    Args:
        frame: feature frame with SK_ID_CURR, one row a labelled client, or one a labelled loan.
        target: 1 default, 0 repaid, in the order of the rows.
        parameters: of the booster; none means those for the number of rows.
        weights: positive weight of each row (`live_weights`), scaled to mean 1; none means equal.
        progress: called every 50 rounds.
        score_protected: whether protected features are scored.
        one_row_a_client: whether a client found twice is a mistake. Where rows are loans, those of
            one client share a fold, and no row is judged by a model that saw its client.

    Raises:
        PortfolioError: rows, labels or weights that cannot train a model; says how many.
    """
    y, w = _labels_and_weights(frame, target, weights, one_row_a_client=one_row_a_client)
    fold = fold_of(frame["SK_ID_CURR"].to_numpy())
    check_folds(fold, y)
    feature_set = FeatureSet.from_frame(frame, score_protected=score_protected)
    parameters = parameters or TrainingParameters.for_size(len(frame))
    tell = progress or (lambda _: None)
    boosting = _boost(feature_set, feature_set.encode_frame(frame), y, w, fold, parameters, tell)
    calibration = fit_calibration(boosting.raw_scores, y, weights=w)
    probability = calibration.probability(boosting.raw_scores)
    threshold = cost_curve(y, probability, weights=w).best_threshold
    rng = np.random.default_rng(parameters.seed)
    out_of_fold = {"fold": fold, "target": y.astype(np.int64), "probability": probability, "weight": w}
    return TrainedModel(
        booster_text=boosting.booster_text,
        feature_set=feature_set,
        calibration=calibration,
        threshold=threshold,
        out_of_fold=pd.DataFrame({"SK_ID_CURR": frame["SK_ID_CURR"].to_numpy(), **out_of_fold}),
        importances=boosting.importances,
        metrics=metrics(y, probability, threshold, weights=w, rng=rng),
        parameters={**parameters.to_dict(), "rounds": boosting.rounds},
    )


@dataclass(frozen=True, eq=False)
class _Boosting:
    booster_text: str
    raw_scores: Floats
    importances: dict[str, float]
    rounds: int


def _boost(
    feature_set: FeatureSet,
    matrix: Floats,
    y: Floats,
    w: Floats,
    fold: npt.NDArray[np.int64],
    parameters: TrainingParameters,
    tell: Progress,
) -> _Boosting:
    import lightgbm

    options = parameters.to_lightgbm()
    # Bins are shared by the folds: they are cut from feature values alone, never from labels.
    data = lightgbm.Dataset(
        matrix,
        label=y,
        weight=w,
        feature_name=feature_set.scored_names,
        categorical_feature=feature_set.categorical_indices,
        params=options,
    )
    folds = _boost_folds(data, fold, parameters, tell)
    rounds = folds.best_iteration
    raw_scores = np.empty(len(y))
    for booster, (_, held_out) in zip(folds.boosters, splits(fold), strict=True):
        scores = booster.predict(matrix[held_out], raw_score=True, num_iteration=rounds)
        raw_scores[held_out] = np.asarray(scores, dtype=np.float64)
    final = lightgbm.train(options, data, num_boost_round=rounds, callbacks=[_progress_callback("final", rounds, tell)])
    gains = dict(zip(feature_set.scored_names, final.feature_importance("gain").tolist(), strict=True))
    ranked = sorted(gains.items(), key=lambda item: (-item[1], item[0]))
    return _Boosting(final.model_to_string(), raw_scores, dict(ranked), rounds)


def _boost_folds(
    data: "lightgbm.Dataset", fold: npt.NDArray[np.int64], parameters: TrainingParameters, tell: Progress
) -> "lightgbm.CVBooster":
    import lightgbm

    result = lightgbm.cv(
        parameters.to_lightgbm(),
        data,
        num_boost_round=parameters.max_rounds,
        folds=splits(fold),
        return_cvbooster=True,
        callbacks=[
            lightgbm.early_stopping(parameters.patience, verbose=False),
            _progress_callback("folds", parameters.max_rounds, tell),
        ],
    )
    folds = result["cvbooster"]
    assert isinstance(folds, lightgbm.CVBooster)
    return folds


def _progress_callback(stage: Literal["folds", "final"], max_rounds: int, tell: Progress) -> Callable[[Any], None]:
    def callback(env: Any) -> None:  # noqa: ANN401 - LightGBM publishes no types
        done = env.iteration + 1
        if done % ROUNDS_PER_PROGRESS == 0:
            loss = env.evaluation_result_list[0][2] if env.evaluation_result_list else None
            tell(TrainingProgress(stage, done, max_rounds, loss))

    return callback


def _labels_and_weights(
    frame: pd.DataFrame, target: npt.ArrayLike, weights: npt.ArrayLike | None, *, one_row_a_client: bool
) -> tuple[Floats, Floats]:
    """Labels and weights of mean 1, once everything wrong with the rows has been named."""
    y = np.asarray(target, dtype=np.float64)
    w = unit_weights(weights, len(frame))
    if "SK_ID_CURR" not in frame.columns:
        problems = ["no column SK_ID_CURR"]
    elif not len(frame) == len(y) == len(w):
        problems = [f"{len(frame)} rows, {len(y)} labels and {len(w)} weights"]
    else:
        counts = {
            "clients found twice": int(frame["SK_ID_CURR"].duplicated().sum()) * one_row_a_client,
            "labels other than 0 and 1": int(np.sum((y != 0) & (y != 1))),
            "weights that are not positive": int(np.sum(~(np.isfinite(w) & (w > 0)))),
        }
        problems = [f"{n} {problem}" for problem, n in counts.items() if n]
    if problems or frame.empty:
        raise PortfolioError(
            ", ".join(problems) or "no labelled application",
            expected="one row a client with SK_ID_CURR, a label 0 or 1 and a positive weight each",
            remedy="check the feature frame and its labels",
        )
    return y, w / w.mean()
