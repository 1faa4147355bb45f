"""Which model the running service answers with, and the wait until it is another.

Add to it when a command must see a change arrive. Keep out: moving the registry's aliases.
"""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import httpx

from credit_risk.errors import UnavailableError
from resources.settings import Settings

# Twice what a promotion may take to reach every worker.
WAIT_S = 10.0
POLL_S = 0.25

# Each look is a connection of its own, which any of the workers may take: of two, one that still
# has the old model is missed eight times in a row once in 256. It follows within seconds anyway.
ANSWERS_PER_WORKER = 4

Health = dict[str, Any]


def wait_for_service(settings: Settings, version: str, *, timeout: float = WAIT_S) -> str:
    """Wait until every worker of the service answers with a version; one line that says how it went.

    Raises:
        UnavailableError: it runs and does not; says what it says about itself.
    """
    return _wait(lambda: _health(settings), version, timeout=timeout, in_a_row=_answers_in_a_row(settings))


def _wait(look: Callable[[], Health | None], version: str, *, timeout: float, in_a_row: int) -> str:
    started, agreed = monotonic(), 0
    health = look()
    if health is None:
        return "the service does not run here; it will answer with this version when it starts"
    while True:
        agreed = agreed + 1 if health is not None and health.get("model_version") == version else 0
        if agreed >= in_a_row:
            return f"the service answers with version {version} after {monotonic() - started:.1f} s"
        if monotonic() - started > timeout:
            raise _not_followed(health, version, timeout)
        if not agreed:
            sleep(POLL_S)
        health = look()


def _not_followed(health: Health | None, version: str, timeout: float) -> UnavailableError:
    told = "; ".join(health.get("problems", [])) if health else "it stopped answering"
    found = health.get("model_version") if health else None
    return UnavailableError(
        f"a service that answers with version {found or 'none'} after {timeout:.0f} s ({told or 'no problem named'})",
        expected=f"version {version}, which the registry calls production now",
        remedy="read the service's log; roll back to another version if this one is refused",
    )


def _health(settings: Settings) -> Health | None:
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    try:
        return dict(httpx.get(f"http://{host}:{settings.api_port}/health", timeout=5).json())
    except (httpx.TransportError, ValueError):
        return None


def _answers_in_a_row(settings: Settings) -> int:
    return 1 if settings.api_workers == 1 else settings.api_workers * ANSWERS_PER_WORKER
