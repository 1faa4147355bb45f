"""Errors as OpenAPI documents them: for each kind what it means, and an answer as it is really sent.

Here: one entry a kind; tests hold examples against the service. Keep out: which error becomes which answer
(`problems`).
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from serving.problems import MEDIA_TYPE, RETRY_AFTER_S

SCHEMA = "#/components/schemas/ProblemBody"

_REQUEST_ID = "0199f4a2c3d87d0e9b1f6a5c4e3d2b1a"


@dataclass(frozen=True)
class Documented:
    """One kind of error.

    Attributes:
        status: of HTTP.
        description: when it is answered.
        detail: as people read it.
        title: where it is not that of the status.
        errors: what is at fault where.
    """

    status: HTTPStatus
    description: str
    detail: str
    title: str | None = None
    errors: tuple[dict[str, str], ...] = ()

    def example(self, kind: str) -> dict[str, Any]:
        """An answer of this kind."""
        answer: dict[str, Any] = {
            "type": f"urn:credit:problem:{kind}",
            "title": self.title or self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "request_id": _REQUEST_ID,
        }
        return answer | ({"errors": [*self.errors], "n_errors": len(self.errors)} if self.errors else {})


KINDS = {
    "invalid-json": Documented(
        HTTPStatus.BAD_REQUEST,
        "The body is not one JSON document, or names a key twice; NaN and Infinity are not JSON. Or `Idempotency-Key` "
        "is not valid here.",
        "found no JSON at line 1, column 25 (unexpected character, expected a JSON value); expected JSON in UTF-8; "
        "send null for a missing number: JSON has neither NaN nor Infinity",
    ),
    "unauthorized": Documented(
        HTTPStatus.UNAUTHORIZED,
        "No API key in X-API-Key, or none that is valid.",
        "found no valid API key; expected one in the header X-API-Key; ask the service's operator for one; they make "
        "it with `credit keys create`",
    ),
    "forbidden": Documented(
        HTTPStatus.FORBIDDEN,
        "The key has not the role that this route asks for.",
        "found an API key without the role score; expected a key with the role score or admin; use another key",
    ),
    "unknown": Documented(
        HTTPStatus.NOT_FOUND,
        "Nobody knows this client.",
        "found no features of this client; expected a client of the portfolio, as it was last loaded; send the "
        "application form (application) or the features",
    ),
    "unknown-prediction": Documented(
        HTTPStatus.NOT_FOUND,
        "Nobody knows this decision.",
        "found no decision of this prediction_id on record; expected one that POST /predict answered with; check it; "
        "during an outage of the database decisions are on record here only after it",
    ),
    "slow-body": Documented(
        HTTPStatus.REQUEST_TIMEOUT,
        "The body did not arrive in time.",
        "found 512 bytes of a body after 10 s, or a client that hung up; expected the whole body; send the request "
        "again",
    ),
    "erased-decision": Documented(
        HTTPStatus.GONE,
        "The client of this decision was erased.",
        "found a decision whose client was erased; expected one with its features; nothing brings them back",
    ),
    "body-too-large": Documented(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large.",
        "found a body of more than 1048576 bytes; expected 1048576 bytes at most, after decompression as well; send "
        "less a request; an application needs the features of the model alone",
    ),
    "not-json": Documented(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is of another media type, or compressed.",
        "found a body of another media type, or compressed in another way; expected Content-Type: application/json, "
        "without Content-Encoding; set the header and send plain JSON",
    ),
    "invalid-application": Documented(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Every unknown name and wrong type is named. Or the same `Idempotency-Key` came with another body, or a "
        "parameter of the address is not valid.",
        'found 1 part at fault: AMT_CREDIT: expected a number, found text; expected {"SK_ID_CURR": integer, '
        '"features" or "application": {name: number, text or null}}; correct or leave out what is named; GET '
        "/model-info lists the features",
        "The application cannot be scored",
        ({"feature": "AMT_CREDIT", "problem": "expected a number, found text"},),
    ),
    "invalid-batch": Documented(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "It is no batch. A fault of one application is in its answer, with status 422 there.",
        'found 501 applications; expected {"applications": [1 to 500 applications]}, each as POST /predict takes it; '
        "send longer lists in parts",
    ),
    "invalid-outcomes": Documented(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Every outcome at fault is named by its place in the order; none is recorded.",
        'found 1 faults, the first in outcomes[1].target: expected 0 or 1; expected {"outcomes": [{prediction_id, '
        "target, observed_at}]}, at most 10000; correct what is named in errors and send the order again: nothing of "
        "it was recorded",
        errors=({"item": "outcomes[1].target", "problem": "expected 0 or 1"},),
    ),
    "invalid-parameter": Documented(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A part of the address is not valid.",
        "found path.prediction_id: Input should be a valid UUID; see /openapi.json for what is served",
        "A part of the address is not valid",
        ({"feature": "path.prediction_id", "problem": "Input should be a valid UUID"},),
    ),
    "rate-limited": Documented(
        HTTPStatus.TOO_MANY_REQUESTS,
        "More requests than this key may send. Retry-After says when to retry.",
        "found more requests than the 600 a minute of this API key; expected fewer; ask again in 1 s, or have the "
        "key's limit raised",
    ),
    "no-model": Documented(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "No model, no place for the record, or something that is needed is away. Retry-After says when to retry.",
        "found no model to answer with (loading); expected a model that the registry calls production; train one and "
        "promote it (materialize champion_model); it is picked up within seconds",
        "No model can answer",
    ),
    "unavailable": Documented(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Something that this needs is away. Retry-After says when to retry.",
        f"found a database that does not answer; expected one; ask again in {RETRY_AFTER_S} s; see /health",
        "Something that this needs is away",
    ),
}

_IN_SECONDS = {"type": "integer", "minimum": 1}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "how to ask", "required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "seconds", "required": True, "schema": _IN_SECONDS}},
    503: {"Retry-After": {"description": "seconds", "required": True, "schema": _IN_SECONDS}},
}

# What every route that reads a body may answer beside its own, and every route that asks for a key.
KEYED = ("unauthorized", "forbidden", "rate-limited")
READING = (*KEYED, "invalid-json", "slow-body", "body-too-large", "not-json")


def problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its `responses`; one kind a status."""
    return {int(KINDS[kind].status): _document(kind) for kind in sorted(kinds, key=lambda kind: KINDS[kind].status)}


def _document(kind: str) -> dict[str, Any]:
    documented = KINDS[kind]
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMA}, "example": documented.example(kind)}}
    document = {"description": documented.description, "content": content}
    return document | ({"headers": _HEADERS[documented.status]} if documented.status in _HEADERS else {})
