"""Waiting for what happens elsewhere: said once, reminded of, given up with a clear error."""

from collections.abc import Callable
from functools import partial
from time import monotonic, sleep
from typing import TypeVar

import httpx

from cli.console import console
from cli.processes import pages
from credit_risk.errors import UnavailableError
from resources.settings import Settings

T = TypeVar("T")

# How often to look: an answer is seen within a second, and a wait costs next to nothing.
POLL_S = 0.5
# How often to say that it still waits, so that a person knows that nothing hangs.
REMIND_S = 20.0


def wait_for(what: str, look: Callable[[], T | None], *, timeout: float) -> T:
    """Look until something is there, and return it.

    Args:
        what: is awaited, as a noun.
        look: returns it, or None while it is not there.
        timeout: seconds.

    Raises:
        UnavailableError: it did not come in time.
    """
    started = reminded = monotonic()
    while (found := look()) is None:
        now = monotonic()
        if now - started > timeout:
            raise UnavailableError(
                f"no {what} after {timeout:.0f} s",
                expected=f"{what} within that time",
                remedy="read the logs in CREDIT_HOME/logs and the runs in the Dagster UI",
            )
        if now - reminded > REMIND_S:
            reminded = now
            console.print(f"  [dim]... waiting for {what} since {now - started:.0f} s[/]")
        sleep(POLL_S)
    return found


def wait_for_platform(settings: Settings, *, timeout: float = 120.0) -> None:
    """Wait until every page answers. Raises UnavailableError when one does not."""
    for page in pages(settings):
        wait_for(f"{page.name} at {page.url}", partial(_answers, page.url), timeout=timeout)


def served_version(settings: Settings) -> str | None:
    """The model version that the service answers with; None while it has none or is away."""
    try:
        response = httpx.get(f"http://{settings.api_host}:{settings.api_port}/health", timeout=5)
    except httpx.TransportError:
        return None
    return str(response.json()["model_version"]) if response.status_code == httpx.codes.OK else None


def _answers(url: str) -> bool | None:
    try:
        # Any answer will do: a service without a model answers 503 to some calls, and is up.
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return None
    return True
