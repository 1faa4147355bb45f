"""What an observer asks: /health, /model-info, /metrics.

Here: routes that read the state of the service. Keep out: anything that changes it.
"""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from credit_risk.feature_set import Feature
from serving.contract import Health, ModelInfo
from serving.keys import ObserveKey
from serving.parts import Parts, PartsOf
from serving.problem_documents import KEYED, problems

router = APIRouter()


@router.get(
    "/health",
    summary="Whether applications are answered",
    response_model=Health,
    responses={503: {"model": Health, "description": "No model can answer; `problems` says what to do."}},
)
async def health(parts: PartsOf, response: Response) -> Health:
    """`healthy`, `degraded` (answers, with something amiss) or `unavailable` (503: no model)."""
    state = _health_of(parts)
    if not state.model_loaded:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return state


@router.get(
    "/model-info",
    summary="The model that answers",
    response_model=ModelInfo,
    responses=problems(*KEYED, "no-model"),
)
async def model_info(parts: PartsOf, _: ObserveKey) -> ModelInfo:
    """Version, threshold, figures and features of the live model."""
    model = parts.model()
    manifest = model.manifest
    return ModelInfo(
        model_type="LightGBM",
        n_features=len(manifest.feature_set.scored),
        threshold=manifest.threshold,
        model_version=model.version,
        metadata={
            **manifest.metrics,
            "cost_fn": manifest.cost_fn,
            "cost_fp": manifest.cost_fp,
            "trained_at": manifest.trained_at,
            "mlflow_run_id": manifest.mlflow_run_id,
            "feature_version": manifest.feature_version,
            "code_version": manifest.code_version,
            "cause": manifest.cause,
            "n_train": manifest.n_train,
            "parameters": manifest.parameters,
        },
        features=[_feature(feature) for feature in manifest.feature_set.scored],
        protected_features=[_feature(feature) for feature in manifest.feature_set.protected],
    )


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text format."},
        **problems(*KEYED, "unavailable"),
    },
)
async def metrics(parts: PartsOf, _: ObserveKey) -> Response:
    """Every metric of the service, of all its workers, as Prometheus scrapes it."""
    body, media_type = parts.metrics.exposition()
    return Response(body, media_type=media_type)


def _health_of(parts: Parts) -> Health:
    model = parts.live_model.current
    registry_problem = parts.live_model.problem
    found = [registry_problem] if registry_problem else []
    if not parts.recorder.connected:
        found.append("found no PostgreSQL to record in; decisions go to the local journal; start PostgreSQL")
    found += parts.gate.problems
    answers = "degraded" if found else "healthy"
    return Health(
        status=answers if model else "unavailable",
        model_loaded=model is not None,
        n_features=len(model.manifest.feature_set.scored) if model else None,
        threshold=model.manifest.threshold if model else None,
        model_version=model.version if model else None,
        database="up" if parts.recorder.connected else "down",
        journal_depth=parts.journal.depth(),
        problems=found,
    )


def _feature(feature: Feature) -> dict[str, Any]:
    return {"name": feature.name, "kind": feature.kind}
