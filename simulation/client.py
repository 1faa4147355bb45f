"""The loan application system, made up: it posts applicants to the scoring service over HTTP.

Here: turning feature rows into requests, and sending them. Keep out: which applicants, and how
their population moves (`traffic`).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import pandas as pd

from credit_risk.errors import UnavailableError

# A lender's branch offices: enough to keep the service busy, few enough to see each answer.
CONNECTIONS = 8
TIMEOUT_S = 30.0


@dataclass
class Answers:
    """What the service answered to a batch."""

    decisions: Counter[str] = field(default_factory=Counter)
    model_versions: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    prediction_ids: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def n_answered(self) -> int:
        """Applicants with a decision."""
        return sum(self.decisions.values())


def applications(features: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row of a feature frame as a request body; what is missing is left out."""
    rows = features.drop(columns="SK_ID_CURR").to_dict(orient="records")
    clients = features["SK_ID_CURR"].tolist()
    return [
        {"SK_ID_CURR": int(client), "features": {name: value for name, value in row.items() if not pd.isna(value)}}
        for client, row in zip(clients, rows, strict=True)
    ]


def post_applications(url: str, bodies: list[dict[str, Any]], *, key: str | None = None) -> Answers:
    """Post applications to `/predict` and count the answers.

    Args:
        url: of the scoring service.
        bodies: one a request.
        key: with the role score; None where the service asks for none.

    Raises:
        UnavailableError: nothing answers at the address.
    """
    return asyncio.run(_post_all(url, bodies, {} if key is None else {"X-API-Key": key}))


async def _post_all(url: str, bodies: list[dict[str, Any]], headers: dict[str, str]) -> Answers:
    answers = Answers()
    slots = asyncio.Semaphore(CONNECTIONS)
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, headers=headers) as client:

        async def post(body: dict[str, Any]) -> None:
            async with slots:
                _count(await client.post("/predict", json=body), answers)

        try:
            await asyncio.gather(*(post(body) for body in bodies))
        except httpx.TransportError as error:
            raise UnavailableError(
                f"no answer from the scoring service at {url} ({type(error).__name__})",
                expected="the running service",
                remedy="start it with `make up` or `credit serve`",
            ) from None
    answers.seconds = loop.time() - started
    return answers


def _count(response: httpx.Response, answers: Answers) -> None:
    if response.status_code != httpx.codes.OK:
        answers.errors[f"{response.status_code} {response.json().get('title', '')}"] += 1
        return
    answer = response.json()
    answers.decisions[answer["decision"]] += 1
    answers.model_versions[answer["model_version"]] += 1
    answers.prediction_ids.append(answer["prediction_id"])
