"""GET /predictions/...: decisions from the record, and why they came out as they did.

Here: the routes that read the record. Keep out: making decisions (`predict`).
"""

import asyncio
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Response

from resources.prediction_log import DecisionRecord, ErasedError
from serving import answers
from serving.contract import Explanation, StoredDecision
from serving.keys import ObserveKey
from serving.parts import Parts, PartsOf
from serving.problem_documents import KEYED, problems
from serving.problems import RequestError

router = APIRouter(prefix="/predictions/{prediction_id}")


@router.get(
    "",
    summary="A stored decision",
    response_model=StoredDecision,
    responses=problems(*KEYED, "unknown-prediction", "erased-decision", "invalid-parameter", "unavailable"),
)
async def stored_decision(prediction_id: UUID, _: ObserveKey, parts: PartsOf) -> Response:
    """The decision as it was answered, when, and the features that it was made from."""
    record = await _recorded(prediction_id, parts)
    return answers.json_answer(answers.stored_decision(record))


@router.get(
    "/explanation",
    summary="Why a decision came out as it did",
    response_model=Explanation,
    responses=problems(*KEYED, "unknown-prediction", "erased-decision", "invalid-parameter", "unavailable"),
)
async def explanation(prediction_id: UUID, _: ObserveKey, parts: PartsOf) -> Response:
    """The reasons as stored, and the share of every feature in the log-odds by the model that decided."""
    record = await _recorded(prediction_id, parts)
    scorer = await parts.models.scorer(record.model_version)
    score = scorer.score(record.features)
    # In a thread, because a version that is not live prepares its trees first.
    contributions = await asyncio.to_thread(lambda: scorer.contributions)
    by_name = dict(zip(scorer.scored_names, contributions(score.row).tolist(), strict=True))
    return answers.json_answer(answers.explanation(record, contributions.base_value, by_name, record.features))


async def _recorded(prediction_id: UUID, parts: Parts) -> DecisionRecord:
    try:
        record = await parts.records.get(prediction_id)
    except ErasedError as error:
        raise RequestError(
            HTTPStatus.GONE, "erased-decision", error.found, expected=error.expected, remedy=error.remedy
        ) from None
    if record is None:
        raise RequestError(
            HTTPStatus.NOT_FOUND,
            "unknown-prediction",
            "no decision of this prediction_id on record",
            expected="one that POST /predict answered with",
            remedy="check it; during an outage of the database decisions are on record here only after it",
        )
    return record
