"""Posting to the scoring service: its answer, or what a person can do about there being none.

Here: how deliveries meet a service that is away or refuses. Keep out: what is delivered (`outcome_delivery`,
`log_delivery`), and traffic, which counts refusals and goes on (`client`).
"""

from http import HTTPStatus
from typing import Any

import httpx

from credit_risk.errors import UnavailableError

# Of an answer that is no problem JSON, a proxy's page for instance, as much as a person reads.
SHOWN = 200


def posted(client: httpx.Client, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401  # httpx's own arguments
    """What the service answers with status 200.

    Args:
        client: of the service.
        path: of the route.
        content: as `httpx.Client.post` takes it.

    Raises:
        UnavailableError: nothing answers there, or the service refuses; says why.
    """
    url = f"{str(client.base_url).rstrip('/')}{path}"
    try:
        response = client.post(path, **content)
    except httpx.TransportError as error:
        raise UnavailableError(
            f"no answer from the scoring service at {url} ({type(error).__name__})",
            expected="the running service",
            remedy="start it with `make up` or `credit serve`, and deliver again: what is on record stays",
        ) from None
    if response.status_code != HTTPStatus.OK:
        is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
        said = str(response.json()["detail"]) if is_problem else response.text[:SHOWN]
        raise UnavailableError(
            f"{response.status_code} {response.reason_phrase} from {url} ({said})",
            expected="a delivery that is taken",
            remedy="with 401 or 403 give a key with the role admin; else read the log of the service",
        )
    answer: dict[str, Any] = response.json()
    return answer
