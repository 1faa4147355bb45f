"""The server process: checks what can be checked before it starts, serves, drains, ends.

Here: the address, the signals, and one clear line for everything that keeps it from
starting. Keep out: the application (`app`).
"""

import contextlib
import errno
import ipaddress
import signal
import socket
import sys

import structlog

from credit_risk.errors import CreditError, SettingsError, UnavailableError
from resources.database import open_database
from resources.settings import Settings, load_settings, prepare_home
from serving.journal import Journal
from serving.live_model import ModelSource
from serving.logs import configure_logs

log = structlog.get_logger("serving.server")

# Connections that wait to be accepted: a burst of a loop's worth of clients.
BACKLOG = 2048

# Longer than proxies keep idle connections (60 s), so that none sends into one that we close.
KEEP_ALIVE_S = 75

# An answer takes milliseconds, in an outage its deadline of 2 s; then in-flight requests end.
DRAIN_S = 10


def main() -> int:
    """Serve with the settings of the environment until a signal; the exit code."""
    try:
        return serve(load_settings())
    except CreditError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def serve(settings: Settings, *, source: ModelSource | None = None) -> int:
    """Serve until SIGTERM or SIGINT; requests in flight are answered and on record before it ends.

    Args:
        settings: of the platform.
        source: where models come from; none means the platform's registry.

    Raises:
        SettingsError: it cannot start like this.
    """
    require_loopback(settings)
    prepare_home(settings)
    Journal(settings.journal_dir).prepare()
    with contextlib.closing(listen(settings)) as listener:
        configure_logs()
        _look_for_database(settings)
        log.info(
            "serving",
            url=f"http://{_bracketed(settings.api_host)}:{settings.api_port}",
            access="loopback only: no API keys are configured",
        )
        return _run(settings, listener, source)


def require_loopback(settings: Settings) -> None:
    """Without keys only this machine may ask.

    Raises:
        SettingsError: CREDIT_API_HOST is not a loopback address.
    """
    host = settings.api_host
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise SettingsError(
            f"CREDIT_API_HOST={host} and no API keys",
            expected="a loopback address (127.0.0.1, ::1 or localhost), where only this machine may ask",
            remedy="set CREDIT_API_HOST to 127.0.0.1, and put a proxy that authenticates in front of it",
        )


def listen(settings: Settings) -> socket.socket:
    """The listening socket.

    Raises:
        SettingsError: the address cannot be had.
    """
    host, port = settings.api_host, settings.api_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        raise SettingsError(
            f"port {port} of {host} in use" if in_use else f"{host}:{port}, which cannot be had ({error.strerror})",
            expected="a free port of this machine",
            remedy="stop the other process, or set CREDIT_API_PORT to another port",
        ) from None


def _look_for_database(settings: Settings) -> None:
    try:
        open_database(settings)
    except UnavailableError as error:
        # The service must be able to start while the database is away: that is what its journal is for.
        log.warning("starting_without_database", reason=str(error))


def _run(settings: Settings, listener: socket.socket, source: ModelSource | None) -> int:
    import uvicorn

    from serving.app import create_app

    config = uvicorn.Config(
        create_app(settings, source=source),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = uvicorn.Server(config)

    def end(*_: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal that ended it once more after draining; by default that would
    # end the process before its exit handlers give the embedded database back.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    server.run(sockets=[listener])
    log.info("stopped")
    return 0 if server.started else 1


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
