"""An application for credit as it arrives: the envelope around it, checked strictly.

Here: what an order for a decision may carry (features, the form, or the client alone), and every fault of
the envelope. Keep out: bytes (`body`), the names and types of features and of the form's fields; the live model
and the feature definitions know them.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from credit_risk.errors import ApplicationError
from credit_risk.offenders import Offender, offender, refusal
from serving.problems import RequestError

CLIENT_KEY = "SK_ID_CURR"
FEATURES = "features"
FORM = "application"
ACCEPTED = (CLIENT_KEY, FEATURES, FORM)
BATCH = "applications"

# A batch is one transaction and one answer: of 600 features each they are below 5 MB.
MAX_BATCH = 500

# What a bigint column holds.
MAX_CLIENT_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Application:
    """What was sent: who applies, and what is known.

    Attributes:
        sk_id_curr: the client key, valid if no offender names it.
        features: by name, not checked yet; None when they are to be looked up or computed.
        form: fields of the application form, not checked yet; None when there is none.
        offenders: faults of the envelope, each {"feature", "problem"}.
    """

    sk_id_curr: int
    features: dict[str, Any] | None
    form: dict[str, Any] | None
    offenders: list[Offender]


def application_of(document: object) -> Application:
    """The application in a JSON value, with every fault of its envelope."""
    if not isinstance(document, dict):
        return Application(0, None, None, [offender("", "expected an object")])
    offenders = _unknown_fields(document)
    client_key = document.get(CLIENT_KEY)
    # A bool is an int to Python, not to a client.
    if type(client_key) is not int or not 1 <= client_key <= MAX_CLIENT_KEY:
        offenders.append(offender(CLIENT_KEY, f"expected an integer from 1 to {MAX_CLIENT_KEY}"))
        client_key = 0
    if FEATURES in document and FORM in document:
        problem = f"found beside {FORM}; expected one of them, or neither to look the client up"
        offenders.append(offender(FEATURES, problem))
    features = _values(document, FEATURES, "features by name; {} when all are missing", offenders)
    form = _values(document, FORM, "fields of the form by name", offenders)
    return Application(client_key, features, form, offenders)


def single_application_of(document: object) -> Application:
    """The application that is a whole body.

    Raises:
        RequestError: 400, it is no object.
    """
    if not isinstance(document, dict):
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "invalid-json",
            "JSON that is not an object",
            expected="one JSON object in UTF-8",
            remedy=f"send many applications to /predict/batch as {{{BATCH!r}: [...]}}",
        )
    return application_of(document)


def batch_of(document: object) -> list[Application]:
    """The applications of a batch, each with the faults of its own envelope.

    Raises:
        RequestError: 422, it is no batch.
    """
    applications = document.get(BATCH) if isinstance(document, dict) else None
    if not isinstance(document, dict) or list(document) != [BATCH] or not isinstance(applications, list):
        raise _no_batch("no list of applications alone")
    if not 1 <= len(applications) <= MAX_BATCH:
        raise _no_batch(f"{len(applications)} applications")
    return [application_of(application) for application in applications]


def refused(offenders: list[Offender]) -> ApplicationError:
    """All faults of an application as one error."""
    return refusal(
        offenders,
        what="part",
        expected=f'{{"{CLIENT_KEY}": integer, "{FEATURES}" or "{FORM}": {{name: number, text or null}}}}',
        remedy="correct or leave out what is named; GET /model-info lists the features",
    )


def _values(document: dict[str, Any], field: str, expected: str, offenders: list[Offender]) -> dict[str, Any] | None:
    if field not in document:
        return None
    values = document[field]
    if not isinstance(values, dict):
        offenders.append(offender(field, f"expected an object of {expected}"))
        return {}
    offenders += _unstorable(values)
    return values


def _unknown_fields(document: dict[str, Any]) -> list[Offender]:
    problem = f"not accepted; accepted are {', '.join(ACCEPTED)}"
    return [offender(name, problem) for name in document if name not in ACCEPTED]


def _unstorable(features: dict[str, Any]) -> list[Offender]:
    # JSON may carry U+0000, PostgreSQL's text may not.
    return [
        offender(name, "expected text without the character U+0000")
        for name, value in features.items()
        if type(value) is str and "\x00" in value
    ]


def _no_batch(found: str) -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-batch",
        found,
        expected=f'{{"{BATCH}": [1 to {MAX_BATCH} applications]}}, each as POST /predict takes it',
        remedy="send longer lists in parts",
    )
