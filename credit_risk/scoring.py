"""Scoring: an application, a booster and its manifest make a probability of default.

Here: the one path from features to probability, for the service (one application) and for
batches (frames), with the same bits, and what each feature contributed to it. Add to it when a
model scores by other means than a LightGBM booster. Keep out: the decision, its reasons, and what
is recorded about it.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.booster import SingleRowBooster
from credit_risk.contributions import Contributions
from credit_risk.errors import ModelError
from credit_risk.manifest import Manifest

if TYPE_CHECKING:
    import lightgbm


@dataclass(frozen=True)
class Score:
    """What a model says about one application.

    Attributes:
        probability: the calibrated probability of default.
        n_features_missing: how many scored features were missing or never seen.
        row: (n_scored,) the application as the booster read it, for `Scorer.contributions`.
    """

    probability: float
    n_features_missing: int
    row: npt.NDArray[np.float64] = field(repr=False, compare=False)


class Scorer:
    """A model that is ready to score; safe to share between threads.

    Args:
        booster_text: LightGBM's own text format.
        manifest: of the same model.

    Raises:
        ModelError: the text is not a booster, or not the one that the manifest describes.
    """

    def __init__(self, booster_text: str, manifest: Manifest) -> None:
        _check_same_model(booster_text, manifest)
        self.manifest = manifest
        self.scored_names = tuple(manifest.feature_set.scored_names)
        self._booster_text = booster_text
        self._booster = _load_booster(booster_text)
        if tuple(self._booster.feature_name()) != self.scored_names:
            raise ModelError(
                "a booster whose columns are not the scored features of its manifest",
                expected="the same names in the same order",
                remedy="fetch the model from the registry again",
            )
        self._single_row = SingleRowBooster(self._booster)
        self._contributions: Contributions | None = None
        self._explaining = threading.Lock()

    def score(self, features: Mapping[str, object]) -> Score:
        """The probability of default of one application.

        Raises:
            ApplicationError: unknown names or wrong types; names every offender.
        """
        row = self.manifest.feature_set.encode_row(features)
        raw = np.array([self._single_row.raw_score(row.values)])
        probability = self.manifest.calibration.probability(raw)
        return Score(probability=float(probability[0]), n_features_missing=row.n_missing, row=row.values)

    @property
    def contributions(self) -> Contributions:
        """What each scored feature contributes to the raw score of a `Score.row`, in the order of `scored_names`.

        The first use of a model prepares its trees, which takes some tenths of a second; that of a process also
        compiles the walk through them, or reads it from the cache: half a second to two.

        Raises:
            ModelError: trees of a kind that the platform does not train.
        """
        with self._explaining:
            if self._contributions is None:
                self._contributions = Contributions(self._booster_text, len(self.scored_names))
            return self._contributions

    def probabilities(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The probabilities of default of a feature frame, row by row, the same bits as `score`.

        Raises:
            ModelError: scored features are absent from the frame; names every one.
        """
        if frame.empty:
            return np.empty(0, dtype=np.float64)
        matrix = self.manifest.feature_set.encode_frame(frame)
        # One thread a call: whoever scores batches runs other things beside them.
        raw = self._booster.predict(matrix, raw_score=True, num_threads=1)
        return self.manifest.calibration.probability(np.ascontiguousarray(raw, dtype=np.float64))


def booster_sha256(booster_text: str) -> str:
    """The digest by which a manifest names its booster."""
    return hashlib.sha256(booster_text.encode()).hexdigest()


def _check_same_model(booster_text: str, manifest: Manifest) -> None:
    # Also keeps damaged text away from LightGBM, whose parser may end the process.
    found = booster_sha256(booster_text)
    if found != manifest.booster_sha256:
        raise ModelError(
            f"a booster text with SHA-256 {found[:12]}",
            expected=f"{manifest.booster_sha256[:12]}, which its manifest names",
            remedy="fetch booster and manifest of one version from the registry again",
            fields={"found": found, "expected": manifest.booster_sha256},
        )


def _load_booster(booster_text: str) -> "lightgbm.Booster":
    import lightgbm

    try:
        return lightgbm.Booster(model_str=booster_text)
    except lightgbm.basic.LightGBMError as error:
        raise ModelError(
            f"text that LightGBM cannot read ({error})",
            expected="a booster in LightGBM's text format",
            remedy="fetch the model from the registry again",
        ) from error
