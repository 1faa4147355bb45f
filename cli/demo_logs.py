"""The demo's log shipper: the service's lines into `api_logs`, where on other machines Fluentd brings them.

Here: which file, and how often. Keep out: how a shipper works (`simulation.log_delivery`).
"""

from time import sleep

from cli.demo_stage import Story, heading, say
from cli.traffic import service_url
from credit_risk.errors import UnavailableError
from simulation.log_delivery import Shipped, ship

# As deploy/fluentd flushes.
EVERY_S = 5.0


def tell_logs(story: Story) -> None:
    """Deliver what the service has logged so far.

    Raises:
        UnavailableError: the service does not take it.
    """
    heading("logs: the service's lines go to POST /internal/logs, as Fluentd would send them")
    shipped = _ship(story)
    say(
        f"{shipped.chunks} gzip chunks of newline-delimited JSON: {shipped.stored} lines stored in credit.api_logs, "
        f"{shipped.repeated} on record already"
    )


def keep_shipping(story: Story) -> None:
    """Deliver what comes, until the process is ended."""
    away = False
    while True:
        try:
            _ship(story)
        except UnavailableError as error:
            if not away:
                say(f"[yellow]log lines wait[/]: {error}")
            away = True
        else:
            if away:
                say("log lines are delivered again")
            away = False
        sleep(EVERY_S)


def _ship(story: Story) -> Shipped:
    home = story.settings.home
    position = home / "demo" / "service.log.position"
    return ship(home / "logs" / "service.log", position, service_url(story.settings), key=story.key)
