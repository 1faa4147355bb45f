"""An application for credit as it arrives: the envelope around the features, checked strictly.

Here: one parse from bytes to values, and every fault of the envelope. Add a form of
application here when the contract grows one. Keep out: the features' names and types; the
feature set of the live model knows them.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from credit_risk.errors import ApplicationError
from serving.problems import RequestError

CLIENT_KEY = "SK_ID_CURR"
FEATURES = "features"
ACCEPTED = (CLIENT_KEY, FEATURES)

# What a bigint column holds.
MAX_CLIENT_KEY = 2**63 - 1

# A field's name is repeated to its sender, a body hidden in a name is not.
MAX_NAME_LENGTH = 80
# Enough to correct by hand; the whole list is in the fields.
MAX_NAMED = 20

Offender = dict[str, str]


@dataclass(frozen=True, slots=True)
class Application:
    """What was sent: who applies, and the features by name as they were sent.

    Attributes:
        sk_id_curr: the client key, valid if no offender names it.
        features: not checked yet.
        offenders: faults of the envelope, each {"feature", "problem"}.
    """

    sk_id_curr: int
    features: dict[str, Any]
    offenders: list[Offender]


def read_application(body: bytes) -> Application:
    """Parse a body once.

    Raises:
        RequestError: 400, it is not one JSON object.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(f"no JSON at line {error.lineno}, column {error.colno} ({error.msg})") from None
    if not isinstance(document, dict):
        raise _not_json("JSON that is not an object")
    offenders = _unknown_fields(document)
    client_key = document.get(CLIENT_KEY)
    # A bool is an int to Python, not to a client.
    if type(client_key) is not int or not 1 <= client_key <= MAX_CLIENT_KEY:
        offenders.append({"feature": CLIENT_KEY, "problem": f"expected an integer from 1 to {MAX_CLIENT_KEY}"})
        client_key = 0
    features = document.get(FEATURES)
    if not isinstance(features, dict):
        problem = "expected an object of features by name; {} when all are missing"
        offenders.append({"feature": FEATURES, "problem": problem})
        features = {}
    offenders += _unstorable(features)
    return Application(client_key, features, offenders)


def refusal(offenders: list[Offender]) -> ApplicationError:
    """All faults of an application as one error."""
    named = "; ".join(f"{offender['feature']}: {offender['problem']}" for offender in offenders[:MAX_NAMED])
    more = f"; and {len(offenders) - MAX_NAMED} more" if len(offenders) > MAX_NAMED else ""
    return ApplicationError(
        f"{len(offenders)} faults: {named}{more}",
        expected=f'{{"{CLIENT_KEY}": integer, "{FEATURES}": {{name: number, text or null}}}}',
        remedy="correct or leave out what is named; GET /model-info lists the features",
        fields={"offenders": offenders},
    )


def _unknown_fields(document: dict[str, Any]) -> list[Offender]:
    problem = f"not accepted; accepted are {' and '.join(ACCEPTED)}"
    return [{"feature": name[:MAX_NAME_LENGTH], "problem": problem} for name in document if name not in ACCEPTED]


def _unstorable(features: dict[str, Any]) -> list[Offender]:
    # JSON may carry U+0000, PostgreSQL's text and jsonb may not.
    return [
        {"feature": name[:MAX_NAME_LENGTH], "problem": "expected text without the character U+0000"}
        for name, value in features.items()
        if type(value) is str and "\x00" in value
    ]


def _not_json(found: str) -> RequestError:
    return RequestError(
        HTTPStatus.BAD_REQUEST,
        "invalid-json",
        found,
        expected="one JSON object in UTF-8",
        remedy="send null for a missing number: JSON has neither NaN nor Infinity",
    )
