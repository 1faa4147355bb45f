"""POST /predict and /predict/batch: decide on applications, put the decisions on record, answer.

Here: the routes. Keep out: how a decision comes about (`decide`), and what an answer looks like (`answers`).
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from time import perf_counter
from typing import Annotated, Any, Literal, get_args

import orjson
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute

from credit_risk.errors import CreditError
from resources.prediction_log import DecisionRecord
from serving import answers
from serving.application import batch_of, single_application_of
from serving.body import MAX_BATCH_BYTES, read_json
from serving.contract import APPLICATION_BODY, BATCH_BODY, BatchAnswer, Prediction
from serving.decide import decision_on
from serving.direct import Direct
from serving.idempotency import HEADER, MAX_LENGTH, key_of
from serving.keys import SCORE, ScoreKey
from serving.parts import Parts, PartsOf
from serving.problem_documents import READING, problems
from serving.problems import RequestError, problem_of

router = APIRouter()

Wish = Literal["refused", "all"]

_DESCRIPTION = """
Scores one application with the live model. The decision is durable (in PostgreSQL, or in a local journal while that
is away) before the answer is sent.

- `features`: by name. What is left out or null is missing; `{}` is valid: all of them are missing. A category never
  seen in training is stored as sent and scored as missing. `n_features_missing` counts both.
- `application`: the raw form instead (columns of application_train). Its features are computed by the definitions of
  training; those of the client's history are looked up, and missing for a client without any.
- neither: all features are looked up; 404 for a client that nobody knows.
- `reasons`: a refusal carries its principal reasons; `?reasons=all` gives an approval those that spoke for it.
- `Idempotency-Key`: the same key and body get the stored answer; another body with the same key is refused.
"""

_BATCH_DESCRIPTION = """
Answers in the order of the applications, each as `POST /predict` takes it. Those that can be decided are recorded in
one transaction and carry `status` 200; the others carry their problem and its `status`. `Idempotency-Key` is for
single applications: with it a batch is refused.
"""

# Read by hand, because a fault of it is a 400 of its own kind.
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "the same with every retry, another one for every application",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[!-~]+$"},
}

Reasons = Annotated[Wish, Query(description="which decisions carry reasons", alias="reasons")]


class _DirectRoute(APIRoute):
    """POST /predict, documented like any route; its arguments are read by hand, in a tenth of FastAPI's time."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        return _predict


async def _predict(request: Request) -> Response:
    return await predict(request, await SCORE(request), request.app.state.parts, _wish(request))


def take_directly(app: FastAPI) -> None:
    """Lead POST /predict past the application's routing."""
    (route,) = (route for route in direct.routes if isinstance(route, APIRoute))
    app.add_middleware(Direct, route=route, answer=_predict)


def _wish(request: Request) -> Wish:
    # Most requests have no query, and reading it takes longer than to see that.
    match request.query_params.get("reasons", "refused") if request.scope["query_string"] else "refused":
        case "refused":
            return "refused"
        case "all":
            return "all"
    raise RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-parameter",
        "a value of `reasons` that is not known",
        expected=" or ".join(get_args(Wish)),
        remedy="correct it, or leave it out",
    )


direct = APIRouter(route_class=_DirectRoute)


@direct.post(
    "/predict",
    summary="Decide on an application",
    description=_DESCRIPTION,
    response_model=Prediction,
    responses=problems(*READING, "unknown", "invalid-application", "no-model"),
    openapi_extra={"requestBody": APPLICATION_BODY, "parameters": [_IDEMPOTENCY_KEY]},
)
async def predict(request: Request, caller: ScoreKey, parts: PartsOf, reasons: Reasons = "refused") -> Response:
    """One application, one decision, on record before it is answered."""
    started = perf_counter()
    body, document = await read_json(request)
    application = single_application_of(document)
    parts.metrics.read_seconds.observe(perf_counter() - started)

    async def decide() -> DecisionRecord:
        return await decision_on(application, parts, all_reasons=reasons == "all")

    key = key_of(request.headers.get(HEADER), caller.key_id, body, request.scope["query_string"])
    record = await parts.idempotency.once(key, decide)
    parts.metrics.decided(record)
    request.state.prediction_id = str(record.prediction_id)
    return answers.json_answer(answers.prediction(record))


router.include_router(direct)


@router.post(
    "/predict/batch",
    summary="Decide on many applications",
    description=_BATCH_DESCRIPTION,
    response_model=BatchAnswer,
    responses=problems(*READING, "invalid-batch", "no-model"),
    openapi_extra={"requestBody": BATCH_BODY},
)
async def predict_batch(request: Request, caller: ScoreKey, parts: PartsOf, reasons: Reasons = "refused") -> Response:
    """Every application that can be decided, on record in one transaction before it is answered."""
    if HEADER in request.headers:
        # To ignore it would record every decision twice when the batch is sent again.
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "idempotency-of-one",
            f"{HEADER} with a batch",
            expected="it with POST /predict alone",
            remedy="leave it out, or send each application by itself",
        )
    _, document = await read_json(request, MAX_BATCH_BYTES)
    applications = batch_of(document)
    parts.gate.charge(caller, len(applications) - 1)
    outcomes: list[DecisionRecord | CreditError] = []
    for application in applications:
        try:
            outcomes.append(await decision_on(application, parts, all_reasons=reasons == "all"))
        except CreditError as error:
            outcomes.append(error)
    records = [outcome for outcome in outcomes if isinstance(outcome, DecisionRecord)]
    await _record(records, parts)
    return answers.json_answer({"answers": [_item(outcome, request) for outcome in outcomes]})


async def _record(records: list[DecisionRecord], parts: Parts) -> None:
    if not records:
        return
    await parts.recorder.record_all(records)
    for record in records:
        parts.metrics.decided(record)


def _item(outcome: DecisionRecord | CreditError, request: Request) -> dict[str, Any]:
    if isinstance(outcome, DecisionRecord):
        return {"status": HTTPStatus.OK, **answers.prediction(outcome)}
    problem: dict[str, Any] = orjson.loads(problem_of(outcome).body(request.state.request_id))
    return problem
