"""POST /predict: score an application, put the decision on record, answer.

Here: the route and the order of its steps. Keep out: each step; it lives with its noun.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from time import perf_counter

import orjson
from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from credit_risk.decision import decide
from credit_risk.errors import ApplicationError
from credit_risk.scoring import Score
from resources.prediction_log import DecisionRecord
from serving.application import Application, read_application, refusal
from serving.body import read_body
from serving.contract import APPLICATION_BODY, Prediction, problems
from serving.live_model import ServedModel
from serving.parts import Parts, PartsOf

router = APIRouter()

_DESCRIPTION = """
Scores one application with the live model. The decision is durable (in PostgreSQL, or in a
local journal while that is away) before the answer is sent.

- A feature that is left out or null is missing; `{}` is valid: all of them are missing.
- A category never seen in training is stored as sent and scored as missing.
- `n_features_missing` counts both.
- `reasons` is empty: reasons are not computed yet.
- Every request is a decision of its own. `Idempotency-Key` is not supported yet and has no
  effect: a retry is recorded, and answered, as another decision.
"""


@router.post(
    "/predict",
    summary="Score an application",
    description=_DESCRIPTION,
    response_model=Prediction,
    responses=problems(400, 408, 413, 415, 422, 503),
    openapi_extra={"requestBody": APPLICATION_BODY},
)
async def predict(request: Request, parts: PartsOf) -> Response:
    """One application, one decision, on record before it is answered."""
    started = perf_counter()
    application = read_application(await read_body(request))
    parts.metrics.read_seconds.observe(perf_counter() - started)
    record = score_application(application, parts.model(), parts)
    recording = perf_counter()
    await parts.recorder.record(record)
    parts.metrics.record_seconds.observe(perf_counter() - recording)
    parts.metrics.decided(record)
    request.state.prediction_id = str(record.prediction_id)
    return Response(_answer(record), HTTPStatus.OK, media_type="application/json")


def score_application(application: Application, model: ServedModel, parts: Parts) -> DecisionRecord:
    """The decision on an application, not yet on record.

    Raises:
        ApplicationError: names every fault of envelope and features.
    """
    started = perf_counter()
    score = _score(application, model)
    seconds = perf_counter() - started
    parts.metrics.score_seconds.observe(seconds)
    threshold = model.manifest.threshold
    decision = decide(score.probability, threshold)
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
        features=application.features,
    )


def _score(application: Application, model: ServedModel) -> Score:
    offenders = list(application.offenders)
    try:
        score = model.scorer.score(application.features)
    except ApplicationError as error:
        found = error.fields.get("offenders")
        offenders += found if isinstance(found, list) else []
        raise refusal(offenders) from None
    if offenders:
        raise refusal(offenders)
    return score


def _answer(record: DecisionRecord) -> bytes:
    return orjson.dumps(
        {
            "prediction_id": record.prediction_id,
            "SK_ID_CURR": record.sk_id_curr,
            "probability": record.probability,
            "prediction": record.prediction,
            "threshold": record.threshold,
            "decision": record.decision,
            "model_version": record.model_version,
            "inference_time_ms": record.inference_time_ms,
            "n_features_missing": record.n_features_missing,
            "reasons": record.reasons,
        }
    )
