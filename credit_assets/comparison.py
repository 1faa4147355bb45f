"""The comparison: the newest candidate before the gate, every criterion a check with its number.

Here: the asset `model_comparison`, its checks and the record that it leaves. Keep out: what the
gate judges on (`gate_evidence`), how (`credit_risk.gate`), and what follows from it (`champion`).
"""

from collections.abc import Iterator

import dagster as dg
import numpy as np

from credit_assets import owners
from credit_assets.gate_evidence import Candidate, gather_evidence
from credit_assets.model import CREDIT_MODEL, MODEL_VERSION
from credit_risk.errors import ModelError
from credit_risk.gate.criterion import CATALOGUE, Criterion
from credit_risk.gate.judge import judge
from credit_risk.gate.verdict import Verdict
from resources.dagster_resources import PlatformResource
from resources.registry import Registry

MODEL_COMPARISON = dg.AssetKey("model_comparison")

CHAMPION_VERSION = "comparison/champion_version"
PROMOTE = "comparison/promote"
REASON = "comparison/reason"
CRITERIA = "comparison/criteria"

OUTCOME = "outcome"


@dg.asset(
    key=MODEL_COMPARISON,
    group_name="model",
    owners=[owners.MODELS],
    kinds={"mlflow"},
    deps=[CREDIT_MODEL],
    # A failed criterion keeps the champion and fails no run: the platform did what it is for.
    check_specs=[dg.AssetCheckSpec(name, asset=MODEL_COMPARISON, description=asks) for name, asks in CATALOGUE.items()],
)
def model_comparison(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None]]:
    """The newest candidate against the model in production: quality, stability, latency, fairness, leakage.

    On the same out-of-fold rows and on the most recent outcomes. What the two said when they last
    met stands when the candidate is in production already.
    """
    verdict = _verdict(platform)
    context.log.info(verdict.reason)
    yield dg.MaterializeResult(
        metadata={
            MODEL_VERSION: verdict.challenger,
            CHAMPION_VERSION: verdict.champion or "none",
            PROMOTE: verdict.promote,
            REASON: verdict.reason,
            CRITERIA: dg.MetadataValue.md(verdict.criteria_frame().to_markdown(index=False)),
        },
        check_results=[_check(criterion) for criterion in verdict.criteria],
    )


def candidate_version(registry: Registry) -> str:
    """The newest candidate.

    Raises:
        ModelError: there is none.
    """
    version = registry.staging_version()
    if version is None:
        raise ModelError(
            "no candidate model", expected="one with the alias staging", remedy="materialize credit_model first"
        )
    return version


def _verdict(platform: PlatformResource) -> Verdict:
    challenger, champion = candidate_version(platform.registry), platform.registry.production_version()
    if challenger == champion:
        met = platform.model_comparisons.find(challenger)
        if met is not None:
            return met
        # Promoted before comparisons were kept: judged as what it was, a model without another beside it.
        champion = None
    verdict = _judged(platform, challenger, champion)
    platform.model_comparisons.store(verdict)
    return verdict


def _judged(platform: PlatformResource, challenger: str, champion: str | None) -> Verdict:
    new = Candidate(platform, challenger)
    old = None if champion is None else Candidate(platform, champion)
    return judge(
        new.contender,
        None if old is None else old.contender,
        # Seeded by the pair: judging the same two again gives the same answer.
        rng=np.random.default_rng([int(challenger), int(champion or 0)]),
        evidence=gather_evidence(platform, new, old),
    )


def _check(criterion: Criterion) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=MODEL_COMPARISON,
        check_name=criterion.name,
        passed=not criterion.failed,
        severity=dg.AssetCheckSeverity.WARN,
        description=criterion.sentence,
        metadata={OUTCOME: criterion.outcome, **criterion.figures()},
    )
