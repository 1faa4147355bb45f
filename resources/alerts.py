"""Alerts: what must reach a person. Always a log line; to Alertmanager as well, where there is one.

Here: the record of an alert, and the channels that it goes through. Add a channel here; those who
ring know only `ring`. Keep out: deciding what is alarming, and what Prometheus rings by itself
(`deploy/prometheus/rules`).
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from credit_risk.errors import CreditError
from resources.settings import Settings, load_settings

logger = logging.getLogger("credit.alerts")

SERVICE = "credit"

# Where the page of an alert is, below the root of the repository.
RUNBOOKS = "docs/operations/runbooks"

# An event has no end of its own. After an hour the bell has been heard, and Alertmanager says "resolved".
EVENT_LASTS = timedelta(hours=1)

# A run must not wait for a bell: three tries to connect, then it goes on.
TIMEOUT_S = 5.0
CONNECT_RETRIES = 2


@dataclass(frozen=True)
class Alert:
    """Something that a person must know: what, how bad, and where to look.

    Attributes:
        name: of the alert, and of its page in `docs/operations/runbooks`.
        severity: `critical` wakes somebody, `warning` waits for the morning.
        summary: one sentence, with numbers and without client data.
        link: page of the Dagster UI that shows it, as a path. Alerts with another link are other alerts.
        job: the job that it is about; empty for none.
    """

    name: str
    severity: Literal["warning", "critical"]
    summary: str
    link: str = ""
    job: str = ""


def ring(alert: Alert, settings: Settings | None = None) -> None:
    """Send an alert through every channel.

    Never raises: what rings must not fail because the bell is broken. A channel that does not take the
    alert is an error in the log.

    Args:
        alert: what to tell.
        settings: of the platform; by default those of the environment.
    """
    logger.error(orjson.dumps(asdict(alert)).decode())
    try:
        settings = settings or load_settings()
    except CreditError as error:
        _lost(alert, str(error))
        return
    if settings.alertmanager_url is not None:
        _post(alert, settings.alertmanager_url, to_alertmanager(alert, settings, datetime.now(UTC)))


def to_alertmanager(alert: Alert, settings: Settings, now: datetime) -> dict[str, Any]:
    """The alert as Alertmanager's API v2 takes it (`postableAlert`): it begins now and resolves after `EVENT_LASTS`."""
    labels: Mapping[str, str] = {
        "alertname": alert.name,
        "severity": alert.severity,
        "service": SERVICE,
        "job": alert.job,
        # Two failures of one job are two alerts: the second one rings as well.
        "run": alert.link.rpartition("/")[2],
    }
    dagster = settings.dagster_url or f"http://127.0.0.1:{settings.dagster_port}"
    page = f"{RUNBOOKS}/{alert.name}.md"
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": alert.summary.partition("\n")[0],
            "description": alert.summary,
            "runbook_url": f"{settings.docs_url.rstrip('/')}/{page}" if settings.docs_url else page,
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + EVENT_LASTS).isoformat(),
        "generatorURL": dagster.rstrip("/") + alert.link,
    }


def _post(alert: Alert, url: str, body: dict[str, Any]) -> None:
    import httpx

    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=CONNECT_RETRIES), timeout=TIMEOUT_S) as client:
            answer = client.post(f"{url.rstrip('/')}/api/v2/alerts", json=[body])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _lost(alert, f"found no Alertmanager at CREDIT_ALERTMANAGER_URL ({type(error).__name__})")
        return
    if not answer.is_success:
        _lost(alert, f"found status {answer.status_code} from CREDIT_ALERTMANAGER_URL ({answer.text[:200]})")


def _lost(alert: Alert, reason: str) -> None:
    """Say that a channel did not take an alert: in the log alone it reaches whoever reads logs."""
    logger.error(
        orjson.dumps(
            {
                "name": "AlertNotDelivered",
                "alert": alert.name,
                "reason": f"{reason}; expected one that takes alerts; start it, or correct CREDIT_ALERTMANAGER_URL",
            }
        ).decode()
    )
