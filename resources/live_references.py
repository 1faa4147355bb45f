"""What a day's decisions are compared with: the model that was live at its end, and its reference.

Here: the choice of the model for a day, and its reference prepared once for many days. Keep out:
the comparison (`credit_risk.drift`), and how a model comes to be live (`live_models`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.errors import DriftError, ModelError
from credit_risk.feature_set import FeatureSet
from credit_risk.manifest import Manifest
from credit_risk.monitored import monitored_features
from resources.live_models import LiveModel, LiveModels
from resources.prediction_log import day_bounds
from resources.training_reference import TrainingReference

if TYPE_CHECKING:
    from credit_risk.drift import PreparedReference
    from resources.registry import Registry

# A distribution known to 0.01; with each of 300,000 a year of days would take minutes longer.
MOST_SCORES = 20_000


def out_of_fold_file(version: str) -> str:
    """Where a training leaves the probabilities of its clients."""
    return f"models/{version}/out_of_fold.parquet"


@dataclass(frozen=True)
class LiveReference:
    """What a day is compared with.

    Attributes:
        model_version: of the live model.
        manifest: its manifest.
        sample: of the clients that it was trained on, as it takes them.
        monitored: the features that it is watched on.
        scores: probabilities of training clients from models that did not see them; None where they are gone.
    """

    model_version: str
    manifest: Manifest
    sample: pd.DataFrame
    monitored: tuple[str, ...]
    scores: NDArray[np.float64] | None

    @cached_property
    def watched(self) -> "PreparedReference":
        """The monitored features, prepared once for many days."""
        from credit_risk.drift import PreparedReference

        return PreparedReference.of(self.sample, features=list(self.monitored))

    @cached_property
    def everything(self) -> "PreparedReference":
        """All features, prepared once for the days that alert."""
        from credit_risk.drift import PreparedReference

        return PreparedReference.of(self.sample)

    @cached_property
    def _watched_set(self) -> FeatureSet:
        accepted = {feature.name: feature for feature in self.manifest.feature_set.accepted}
        return FeatureSet(scored=tuple(accepted[name] for name in self.monitored), protected=())

    def window(self, stored: pd.DataFrame) -> pd.DataFrame:
        """The monitored features of stored decisions, each of the kind that the model takes.

        Raises:
            DriftError: text where the model takes numbers; names the features, and no value.
        """
        try:
            return self._watched_set.conform(stored)
        except ValueError:
            # Its message would quote an applicant's value. Only imported decisions can hold such a one.
            textual = _textual(self._watched_set, stored)
            raise DriftError(
                f"decisions with text where model {self.model_version} takes numbers: {', '.join(textual)}",
                expected="numbers, as the model was trained on",
                remedy="import the decisions of this day with their features corrected",
                fields={"textual": textual},
            ) from None

    def whole_window(self, stored: pd.DataFrame) -> pd.DataFrame:
        """All features that the model knows, of its kinds, but for those with text where it takes numbers."""
        features = self.manifest.feature_set
        try:
            return features.conform(stored)
        except ValueError:
            return features.conform(stored.drop(columns=_textual(features, stored)))


class LiveReferences:
    """The live reference of a day, each model's read once."""

    def __init__(
        self,
        live_models: LiveModels,
        registry: "Registry",
        training_reference: TrainingReference,
        monitored: int | Literal["all"],
    ) -> None:
        self._live_models, self._registry = live_models, registry
        self._training_reference, self._monitored = training_reference, monitored
        self._by_version: dict[str, LiveReference] = {}
        self._asked: datetime | None = None
        self._stay: LiveModel | None = None

    def at_the_end_of(self, day: date) -> LiveReference:
        """The reference of the model that was live when the day ended.

        Raises:
            ModelError: no model was ever live, or its reference is gone.
        """
        version = self._live_at(day_bounds(day)[1]).model_version
        if version not in self._by_version:
            manifest = self._registry.manifest(version)
            self._by_version[version] = LiveReference(
                version,
                manifest,
                manifest.feature_set.conform(self._training_reference.sample(version)),
                monitored_features(manifest.importances, self._monitored),
                self._scores(version),
            )
        return self._by_version[version]

    def _scores(self, version: str) -> NDArray[np.float64] | None:
        try:
            frame = self._training_reference.lake.read_frame(out_of_fold_file(version), ["probability"])
        except FileNotFoundError:
            return None
        probability = np.sort(frame["probability"].to_numpy(dtype=np.float64))
        # Evenly from the smallest to the largest, so that the sample has the shape of the whole.
        places = np.linspace(0, len(probability) - 1, min(len(probability), MOST_SCORES)).astype(np.intp)
        evenly: NDArray[np.float64] = probability[places]
        return evenly

    def _live_at(self, moment: datetime) -> LiveModel:
        if not self._still(moment):
            self._stay, self._asked = self._live_models.at(moment), moment
        if self._stay is None:
            raise ModelError(
                "no model that was ever live",
                expected="a model in production, whose reference the day is compared with",
                remedy="run training_job first",
            )
        return self._stay

    def _still(self, moment: datetime) -> bool:
        """Whether the last answer holds: days are asked for in order, and a stay lasts for many."""
        if self._stay is None or self._asked is None:
            return False
        return self._asked <= moment and (self._stay.live_to is None or moment < self._stay.live_to)


def _textual(features: FeatureSet, stored: pd.DataFrame) -> list[str]:
    numeric = [feature.name for feature in features.accepted if feature.kind == "numeric"]
    return [name for name in numeric if name in stored and any(isinstance(value, str) for value in stored[name])]
