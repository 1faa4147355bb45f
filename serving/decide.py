"""From an application to a decision that is ready for the record.

Here: the order of the steps, with the time that each took: features, probability, decision, reasons. Keep out: each
step; it lives with its noun.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter

from uuid_utils.compat import uuid7

from credit_risk.decision import Decision, decide
from credit_risk.errors import ApplicationError
from credit_risk.reasons import Reason
from credit_risk.scoring import Score
from resources.prediction_log import DecisionRecord
from serving.application import Application, refused
from serving.parts import Parts
from serving.served_model import ServedModel

REFUSED = 1


async def decision_on(application: Application, parts: Parts, *, all_reasons: bool = False) -> DecisionRecord:
    """The decision on an application by the live model, not yet on record.

    Args:
        application: as it was sent.
        parts: of the service.
        all_reasons: whether an approval carries its reasons, too.

    Raises:
        ApplicationError: names every fault of envelope, features and form.
        RequestError: 404, nobody knows this client.
        ModelError: no model can answer.
        UnavailableError: features cannot be looked up now.
    """
    # Once: whatever is promoted meanwhile, one model makes the whole decision.
    model = parts.model()
    features = await _features(application, model, parts)
    started = perf_counter()
    score = _score(features, application, model)
    seconds = perf_counter() - started
    parts.metrics.score_seconds.observe(seconds)
    threshold = model.manifest.threshold
    decision = decide(score.probability, threshold)
    reasons = await _reasons(features, score, decision, model, parts, all_reasons=all_reasons)
    return DecisionRecord(
        prediction_id=uuid7(),
        created_at=datetime.now(UTC),
        sk_id_curr=application.sk_id_curr,
        probability=score.probability,
        prediction=decision.prediction,
        decision=decision.label,
        threshold=threshold,
        model_version=model.version,
        inference_time_ms=round(seconds * 1000, 3),
        n_features_missing=score.n_features_missing,
        features=features,
        reasons=[reason.to_dict() for reason in reasons],
        feature_names=model.feature_names,
    )


async def _features(application: Application, model: ServedModel, parts: Parts) -> Mapping[str, object]:
    if application.features is not None or application.offenders:
        return application.features or {}
    started = perf_counter()
    try:
        if application.form is None:
            return await parts.lookup.by_client(application.sk_id_curr, model.manifest.feature_set)
        return await parts.lookup.from_form(application.sk_id_curr, application.form, model.manifest.feature_set)
    finally:
        parts.metrics.lookup_seconds.observe(perf_counter() - started)


def _score(features: Mapping[str, object], application: Application, model: ServedModel) -> Score:
    offenders = list(application.offenders)
    try:
        score = model.scorer.score(features)
    except ApplicationError as error:
        found = error.fields.get("offenders")
        offenders += found if isinstance(found, list) else []
        raise refused(offenders) from None
    if offenders:
        raise refused(offenders)
    return score


async def _reasons(
    features: Mapping[str, object],
    score: Score,
    decision: Decision,
    model: ServedModel,
    parts: Parts,
    *,
    all_reasons: bool,
) -> tuple[Reason, ...]:
    refused = decision.prediction == REFUSED
    if not parts.reasons_limit or not (refused or all_reasons):
        return ()
    started = perf_counter()
    contributions = await model.explainer(score.row)
    reasons = parts.reasons.reasons(
        contributions,
        features,
        model.scorer.scored_names,
        limit=parts.reasons_limit,
        direction="refusal" if refused else "approval",
    )
    parts.metrics.reasons_seconds.observe(perf_counter() - started)
    return reasons
