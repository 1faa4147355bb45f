"""Promotion: what the gate said about the newest candidate is carried out."""

import dagster as dg

from credit_assets import owners
from credit_assets.comparison import MODEL_COMPARISON, candidate_version
from credit_assets.model import CREDIT_MODEL, MODEL_VERSION
from credit_assets.online_features import ONLINE_FEATURES
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.errors import ModelError
from credit_risk.gate.verdict import Verdict
from resources.alerts import Alert, ring
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
    deps=[CREDIT_MODEL, MODEL_COMPARISON, TRAINING_REFERENCE, ONLINE_FEATURES],
)
def champion_model(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult[None]:
    """The model in production, after the gate's verdict on the newest candidate was carried out.

    Promoted, or refused with its reason in the registry, here and in an alert; then the champion stays.
    """
    registry = platform.registry
    challenger, champion = candidate_version(registry), registry.production_version()
    if settled := _settled(platform, challenger, champion):
        return dg.MaterializeResult(metadata={PROMOTED: False, REASON: settled, PRODUCTION_VERSION: champion or "none"})
    verdict = _verdict_on(platform, challenger, champion)
    if verdict.promote:
        # Raises when there is none: a model that nobody could watch does not go live.
        platform.training_reference.sample(challenger)
        cause = f"{verdict.reason}; trained because of {registry.manifest(challenger).cause}"
        registry.promote(challenger, cause=cause, author=_author(context), instead_of=champion)
    registry.annotate(challenger, verdict="promoted" if verdict.promote else "refused", reason=verdict.reason)
    context.log.info(verdict.reason)
    if not verdict.promote:
        link, job = f"/runs/{context.run.run_id}", context.run.job_name
        ring(Alert("ChallengerRefused", "warning", summary=verdict.reason, link=link, job=job), platform.settings)
    return dg.MaterializeResult(
        metadata={
            PROMOTED: verdict.promote,
            REASON: verdict.reason,
            MODEL_VERSION: challenger,
            PRODUCTION_VERSION: challenger if verdict.promote else champion or "none",
            **_figures(verdict),
        }
    )


def _settled(platform: PlatformResource, challenger: str, champion: str | None) -> str:
    """Why there is nothing to carry out; empty where there is."""
    if challenger == champion:
        return "the candidate is in production already"
    stays = [stay.model_version for stay in platform.live_models.history()]
    # The last one that went live may be a promotion that broke off: carrying it out again mends it.
    if challenger in stays and stays[-1] != challenger:
        return (
            f"version {challenger} was in production and a person took it back: it returns by name alone, "
            f"with `credit model promote {challenger} --reason ...`"
        )
    return ""


def _verdict_on(platform: PlatformResource, challenger: str, champion: str | None) -> Verdict:
    """What the gate said about these two.

    Raises:
        ModelError: it has not compared them.
    """
    verdict = platform.model_comparisons.get(challenger)
    if verdict.champion != champion:
        met, present = verdict.champion or "none", champion or "none"
        raise ModelError(
            f"a comparison of model {challenger} with {met}, and {present} in production",
            expected="a comparison with the model that is in production now",
            remedy="materialize model_comparison again, then champion_model",
        )
    return verdict


def _author(context: dg.AssetExecutionContext) -> str:
    """Who let it go live: the person that the UI names, the sensor or schedule, or the policy itself."""
    tags = context.run.tags
    for tag in ("user", "dagster/sensor_name", "dagster/schedule_name"):
        if tag in tags:
            return tags[tag]
    return "promotion policy"


def _figures(verdict: Verdict) -> dict[str, dg.MetadataValue]:
    criteria = dg.MetadataValue.md(verdict.criteria_frame().to_markdown(index=False))
    if verdict.cost_difference is None:
        return {"promotion/criteria": criteria}
    difference = verdict.cost_difference
    return {
        "promotion/cost_difference": dg.MetadataValue.float(float(difference.value)),
        "promotion/cost_difference_low": dg.MetadataValue.float(float(difference.low)),
        "promotion/cost_difference_high": dg.MetadataValue.float(float(difference.high)),
        "promotion/criteria": criteria,
    }
