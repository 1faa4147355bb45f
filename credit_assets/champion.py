"""Promotion: the newest candidate against the model in production."""

import dagster as dg
import numpy as np

from credit_assets import owners
from credit_assets.model import CREDIT_MODEL, MODEL_VERSION, out_of_fold_file
from credit_assets.online_features import ONLINE_FEATURES
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.errors import ModelError
from credit_risk.promotion import Contender, PromotionVerdict, judge
from resources.dagster_resources import PlatformResource

CHAMPION_MODEL = dg.AssetKey("champion_model")

PROMOTED = "promotion/promoted"
REASON = "promotion/reason"
PRODUCTION_VERSION = "promotion/production_version"


@dg.asset(
    key=CHAMPION_MODEL,
    group_name="model",
    owners=[owners.MODELS],
    kinds={"mlflow"},
    # After its reference: a model that goes live can be watched from its first decision.
    # With its features online first: until they are, whoever is looked up would get no answer.
    deps=[CREDIT_MODEL, TRAINING_REFERENCE, ONLINE_FEATURES],
)
def champion_model(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult[None]:
    """The model in production, after the newest candidate was judged against it.

    The first model is promoted; a later one when it is surely not worse, and better in something.
    """
    registry = platform.registry
    challenger, champion = registry.staging_version(), registry.production_version()
    if challenger is None:
        raise ModelError(
            "no candidate model", expected="one with the alias staging", remedy="materialize credit_model first"
        )
    if challenger == champion:
        return dg.MaterializeResult(
            metadata={PROMOTED: False, REASON: "the candidate is in production already", PRODUCTION_VERSION: champion}
        )
    verdict = judge(
        _contender(platform, challenger),
        _contender(platform, champion) if champion else None,
        # Seeded by the pair: judging the same two again gives the same answer.
        rng=np.random.default_rng([int(challenger), int(champion or 0)]),
    )
    if verdict.promote:
        # Raises when there is none: a model that nobody could watch does not go live.
        platform.training_reference.sample(challenger)
        cause = registry.manifest(challenger).cause
        registry.promote(challenger, cause=f"{verdict.reason}; trained because of {cause}", author=_author(context))
    registry.annotate(challenger, verdict="promoted" if verdict.promote else "refused", reason=verdict.reason)
    context.log.info(verdict.reason)
    return dg.MaterializeResult(
        metadata={
            PROMOTED: verdict.promote,
            REASON: verdict.reason,
            MODEL_VERSION: challenger,
            PRODUCTION_VERSION: challenger if verdict.promote else str(champion),
            **_figures(verdict),
        }
    )


def _contender(platform: PlatformResource, version: str) -> Contender:
    return Contender(
        version=version,
        out_of_fold=platform.lake.read_frame(out_of_fold_file(version)),
        threshold=platform.registry.manifest(version).threshold,
    )


def _author(context: dg.AssetExecutionContext) -> str:
    """Who let it go live: the person that the UI names, the sensor or schedule, or the policy itself."""
    tags = context.run.tags
    for tag in ("user", "dagster/sensor_name", "dagster/schedule_name"):
        if tag in tags:
            return tags[tag]
    return "promotion policy"


def _figures(verdict: PromotionVerdict) -> dict[str, dg.MetadataValue]:
    if verdict.cost_difference is None:
        return {}
    difference = verdict.cost_difference
    return {
        "promotion/cost_difference": dg.MetadataValue.float(float(difference.value)),
        "promotion/cost_difference_low": dg.MetadataValue.float(float(difference.low)),
        "promotion/cost_difference_high": dg.MetadataValue.float(float(difference.high)),
        "promotion/criteria": dg.MetadataValue.md(verdict.criteria_frame().to_markdown(index=False)),
    }
