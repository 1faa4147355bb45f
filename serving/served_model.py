"""A served model: one version that has proven that it can score.

Here: the record that a request works with from its start to its end, and what a stored model
must show before it becomes one. Keep out: which version that is, and when it changes
(`live_model`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from credit_risk.canaries import check_canaries
from credit_risk.errors import CreditError, ModelError
from credit_risk.manifest import Manifest
from credit_risk.scoring import Scorer
from resources.decision_record import FeatureNames
from resources.stored_model import StoredModel
from serving.explainer import Explainer


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready to answer.

    Attributes:
        version: as the registry calls it.
        scorer: booster and manifest.
        is_copy: whether it is the last good one from disk, not known to be in production still.
        canary_difference: from the probabilities that training got, at most; None without canaries.
    """

    version: str
    scorer: Scorer
    is_copy: bool = False
    canary_difference: float | None = None

    @property
    def manifest(self) -> Manifest:
        """Of the same model."""
        return self.scorer.manifest

    @cached_property
    def explainer(self) -> Explainer:
        """Contributions for the requests of the event loop; prepared on first use, with a thread of its own."""
        return Explainer(self.scorer.contributions)

    @cached_property
    def feature_names(self) -> FeatureNames:
        """The names under which decisions of this model are stored, in its order."""
        accepted = self.manifest.feature_set.accepted
        return FeatureNames(
            numbers=tuple(feature.name for feature in accepted if feature.kind == "numeric"),
            texts=tuple(feature.name for feature in accepted if feature.kind == "categorical"),
        )


# Raises ModelError when a model must not go live; what it checks is the caller's.
Requirement = Callable[[ServedModel], None]


def ready_to_serve(
    stored: StoredModel, *, is_copy: bool = False, requirements: Sequence[Requirement] = ()
) -> ServedModel:
    """A stored model that scores its canaries as training did.

    Args:
        stored: booster, manifest and canaries.
        is_copy: whether it comes from this machine's disk.
        requirements: what else it must fulfil.

    Raises:
        ModelError: it does not; whatever went wrong in it.
    """
    try:
        scorer = Scorer(stored.booster_text, stored.manifest)
        # An application with nothing known is valid; it also warms the booster for the first client.
        scorer.score({})
        difference = None if stored.canaries is None else check_canaries(scorer, stored.canaries)
        model = ServedModel(stored.version, scorer, is_copy, difference)
        for requirement in requirements:
            requirement(model)
    except ModelError:
        raise
    except CreditError as error:
        raise ModelError(error.found, expected=error.expected, remedy=error.remedy, fields=error.fields) from error
    except Exception as error:
        raise ModelError(
            f"model {stored.version} that cannot score ({type(error).__name__}: {error})",
            expected="an answer to an application with nothing known",
            remedy="promote another version; train again with the code that runs here",
        ) from error
    return model
