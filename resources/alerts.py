"""Alerts: what must reach a person. To the log for now, one JSON line each.

Add a channel here; those who ring know only `ring`. Keep out: deciding what is alarming.
"""

import logging
from dataclasses import asdict, dataclass
from typing import Literal

import orjson

logger = logging.getLogger("credit.alerts")


@dataclass(frozen=True)
class Alert:
    """Something that a person must know: what, how bad, and where to look."""

    name: str
    severity: Literal["warning", "critical"]
    summary: str
    link: str = ""


def ring(alert: Alert) -> None:
    """Send an alert."""
    logger.error(orjson.dumps(asdict(alert)).decode())
