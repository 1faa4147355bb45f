"""Problem JSON (RFC 9457): how every error of the service is said.

Here: which error becomes which status, and the body. Add to the table when a new error
reaches HTTP. Keep out: values of an application; errors name features, never what was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from credit_risk.errors import ApplicationError, CreditError, ModelError, UnavailableError
from serving.journal import NoRecordError

MEDIA_TYPE = "application/problem+json"

# A model takes some hundreds of features: a body with more offenders than this is no
# application, and its answer should not grow with it.
MAX_OFFENDERS = 1000

# When to try again after 503: the shipper and the model watch look every 0.5 and 2 s.
RETRY_AFTER_S = 2


# What answers 503; the first that fits names it.
_AWAY: tuple[tuple[type[CreditError], str, str], ...] = (
    (ModelError, "no-model", "No model can answer"),
    (NoRecordError, "no-record", "The decision cannot be put on record"),
    (UnavailableError, "unavailable", "Something that this needs is away"),
)


class RequestError(CreditError):
    """A request that is not answered: its status, and the kind that names it in the answer.

    Args:
        status: of HTTP.
        kind: short and stable, for programs.
        found: the state that was met.
        expected: what should have been there.
        remedy: the next step.
        offenders: every fault of a body that has several.
        headers: of the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        found: str,
        *,
        expected: str,
        remedy: str,
        offenders: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(found, expected=expected, remedy=remedy)
        self.status = status
        self.kind = kind
        self.offenders = tuple(offenders)
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Problem:
    """One error as it is answered.

    Attributes:
        status: of HTTP.
        kind: short and stable, for programs: becomes the `type`.
        title: the same for every problem of the kind.
        detail: found / expected / do this, for people.
        errors: what is at fault where, for bodies with several faults.
        n_errors: how many there are, should they be too many to list.
    """

    status: int
    kind: str
    title: str
    detail: str
    errors: tuple[Mapping[str, str], ...] = ()
    n_errors: int = 0

    def body(self, request_id: str | None) -> bytes:
        """As JSON."""
        fields: dict[str, Any] = {
            "type": f"urn:credit:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors:
            fields |= {"errors": self.errors, "n_errors": self.n_errors}
        return orjson.dumps(fields)


def problem_of(error: Exception) -> Problem:
    """How an error is answered."""
    if isinstance(error, ApplicationError):
        offenders = error.fields.get("offenders")
        errors = tuple(offenders) if isinstance(offenders, list) else ()
        return Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-application", "The application cannot be scored",
            str(error), errors[:MAX_OFFENDERS], len(errors),
        )  # fmt: skip
    if isinstance(error, RequestError):
        errors = error.offenders
        return Problem(
            error.status, error.kind, error.status.phrase, str(error), errors[:MAX_OFFENDERS], len(errors)
        )  # fmt: skip
    for kind_of_error, kind, title in _AWAY:
        if isinstance(error, kind_of_error):
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, kind, title, str(error))
    if isinstance(error, RequestValidationError):
        return _problem_of_parameters(error)
    if isinstance(error, HTTPException):
        return _problem_of_routing(error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The service failed",
        "found an error of the service itself; expected none; report the request_id to its operator",
    )  # fmt: skip


def problem_response(error: Exception, request_id: str | None) -> Response:
    """The answer to an error."""
    problem = problem_of(error)
    headers = dict(getattr(error, "headers", None) or {})
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return Response(problem.body(request_id), problem.status, headers, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error of routing and of our own with problem JSON."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_response(error, request.state.request_id)

    app.add_exception_handler(CreditError, answer)
    app.add_exception_handler(HTTPException, answer)
    app.add_exception_handler(RequestValidationError, answer)


def _problem_of_parameters(error: RequestValidationError) -> Problem:
    # Where and what, never what was sent.
    found = [(".".join(map(str, fault["loc"])), str(fault["msg"])) for fault in error.errors()]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-parameter", "A part of the address is not valid",
        f"found {'; '.join(f'{where}: {what}' for where, what in found)}; see /openapi.json for what is served",
        tuple({"feature": where, "problem": what} for where, what in found), len(found),
    )  # fmt: skip


def _problem_of_routing(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    remedy = "see /openapi.json for what is served"
    if status == HTTPStatus.NOT_FOUND:
        return Problem(
            status, "unknown-route", status.phrase, f"found no such route; expected one of the contract; {remedy}"
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another")
        return Problem(
            status, "method-not-allowed", status.phrase,
            f"found a method that this route does not take; expected {allowed}; {remedy}",
        )  # fmt: skip
    return Problem(status, "refused", status.phrase, f"found {status.phrase.lower()}; {remedy}")
