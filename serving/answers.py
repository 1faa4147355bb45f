"""Decisions as they are answered: the same JSON from a fresh record and from a stored one.

Here: one function a form of answer. Keep out: their documentation (`contract`).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Response

from resources.prediction_log import DecisionRecord


def json_answer(content: Mapping[str, Any]) -> Response:
    """An answer of the contract, as it is sent."""
    return Response(orjson.dumps(content), HTTPStatus.OK, media_type="application/json")


def prediction(record: DecisionRecord) -> dict[str, Any]:
    """The answer to an application."""
    return {
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


def stored_decision(record: DecisionRecord) -> dict[str, Any]:
    """A decision from the record, with what it was made from."""
    return prediction(record) | {"created_at": record.created_at, "features": record.features}


def explanation(
    record: DecisionRecord, base_value: float, contributions: Mapping[str, float], features: Mapping[str, Any]
) -> dict[str, Any]:
    """Why a decision came out as it did: its reasons as stored, and every feature's share, largest first."""
    by_size = sorted(contributions, key=lambda name: (-abs(contributions[name]), name))
    return {
        "prediction_id": record.prediction_id,
        "model_version": record.model_version,
        "decision": record.decision,
        "probability": record.probability,
        "threshold": record.threshold,
        "reasons": record.reasons,
        "base_value": base_value,
        "contributions": [
            {"feature": name, "value": features.get(name), "contribution": contributions[name]} for name in by_size
        ],
    }
