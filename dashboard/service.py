"""The scoring service, over HTTP: asking for decisions, and how it is.

Here: the calls that the dashboard makes, and its errors in words. Add a call when a tab needs one. Keep
out: anything that the service does not answer to every client.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from credit_risk.errors import CreditError, UnavailableError

# An answer takes milliseconds; a service that starts takes seconds, and nobody waits longer for a page.
TIMEOUT_S = 8.0
SERVER_ERROR = 500


class RefusedRequestError(CreditError):
    """The service answered, but not with what was asked for."""


@dataclass(frozen=True)
class Operation:
    """What `/metrics` says of the service since it started.

    Attributes:
        n_answers: by status, as text.
        journal_records: decisions that wait in the journal.
        journal_age_s: of the oldest of them.
        n_set_aside: journal lines that a person must look at.
        database_up: whether decisions go to PostgreSQL.
        registry_up: whether the live model is what the registry calls production.
        seconds: mean time to an answer to POST /predict; None before the first.
    """

    n_answers: dict[str, int]
    journal_records: int
    journal_age_s: float
    n_set_aside: int
    database_up: bool
    registry_up: bool
    seconds: float | None


class ScoringService:
    """A client of one service.

    Args:
        url: where it listens.
        key: with the roles score and observe; None where it asks for none.
    """

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url.rstrip("/")
        self._headers = {"X-API-Key": key} if key else {}

    def predict(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A decision with all of its reasons; it is on record.

        Raises:
            RefusedRequestError: unknown client, fields at fault, no rights; in the service's words.
            UnavailableError: the service does not answer.
        """
        return self._json("POST", "/predict", params={"reasons": "all"}, json=dict(body))

    def decision(self, prediction_id: str) -> dict[str, Any]:
        """A stored decision with its features. Raises as `predict`."""
        return self._json("GET", f"/predictions/{prediction_id}")

    def explanation(self, prediction_id: str) -> dict[str, Any]:
        """The contributions behind a stored decision. Raises as `predict`."""
        return self._json("GET", f"/predictions/{prediction_id}/explanation")

    def health(self) -> dict[str, Any]:
        """How the service is; also while it has no model. Raises UnavailableError."""
        health: dict[str, Any] = self._request("GET", "/health").json()
        return health

    def operation(self) -> Operation:
        """What its metrics say. Raises as `predict`."""
        response = self._request("GET", "/metrics")
        if response.status_code != httpx.codes.OK:
            raise _refusal(response)
        return operation_of(response.text)

    def _json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # httpx's own
        response = self._request(method, path, **arguments)
        if response.status_code != httpx.codes.OK:
            raise _refusal(response)
        answer: dict[str, Any] = response.json()
        return answer

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401  # httpx's own
        try:
            return httpx.request(method, self.url + path, headers=self._headers, timeout=TIMEOUT_S, **arguments)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"no answer from the scoring service at {self.url} ({type(error).__name__})",
                expected="the running service",
                remedy="start it with `make up` or `credit serve`, or correct CREDIT_API_URL",
            ) from None


def operation_of(exposition: str) -> Operation:
    """The figures of a page of metrics.

    Args:
        exposition: in Prometheus' text format.
    """
    samples = [sample for family in text_string_to_metric_families(exposition) for sample in family.samples]
    answers: dict[str, int] = {}
    values = {sample.name: sample.value for sample in samples if not sample.labels}
    predict = {sample.name: sample.value for sample in samples if sample.labels == {"route": "/predict"}}
    for sample in samples:
        if sample.name == "credit_requests_total" and sample.labels["route"].startswith("/predict"):
            status = sample.labels["status"]
            answers[status] = answers.get(status, 0) + int(sample.value)
    n = predict.get("credit_request_seconds_count", 0.0)
    return Operation(
        n_answers=answers,
        journal_records=int(values.get("credit_journal_records", 0)),
        journal_age_s=values.get("credit_journal_age_seconds", 0.0),
        n_set_aside=int(values.get("credit_journal_set_aside_total", 0)),
        database_up=bool(values.get("credit_database_up", 0)),
        registry_up=bool(values.get("credit_registry_up", 0)),
        seconds=predict["credit_request_seconds_sum"] / n if n else None,
    )


def _refusal(response: httpx.Response) -> CreditError:
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError):
        detail = response.reason_phrase
    if response.status_code >= SERVER_ERROR:
        return UnavailableError(
            f"a scoring service that cannot answer: {detail}", expected="an answer", remedy="try again in some seconds"
        )
    if response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return RefusedRequestError(
            f"a service that does not let the dashboard in ({response.status_code})",
            expected="a key with the roles score and observe",
            remedy="make one with `credit keys create --name dashboard --role score --role observe` "
            "and set CREDIT_API_KEY",
        )
    return RefusedRequestError(
        detail, expected="an application or a decision that the service knows", remedy="correct it"
    )
