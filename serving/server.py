"""The service as a command: checks what can be checked before it starts, then serves until a signal.

Here: the address, and one clear line for everything that keeps it from starting. Keep out:
the process that answers (`worker`), several of them (`workers`), the application (`app`).
"""

import contextlib
import errno
import socket
import sys

import structlog

from credit_risk.errors import CreditError, SettingsError, UnavailableError
from resources.database import open_database
from resources.settings import Settings, load_settings, prepare_home
from serving.journal import Journal
from serving.key_ring import count_keys
from serving.keys import is_loopback
from serving.live_model import ModelSource
from serving.logs import configure_logs
from serving.worker import answer_requests
from serving.workers import Workers

log = structlog.get_logger("serving.server")

# Connections that wait to be accepted: a burst of a loop's worth of clients.
BACKLOG = 2048


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
    prepare_home(settings)
    Journal(settings.journal_dir).prepare()
    with contextlib.closing(listen(settings)) as listener:
        configure_logs()
        _look_for_database(settings)
        log.info(
            "serving",
            url=f"http://{_bracketed(settings.api_host)}:{settings.api_port}",
            access=how_it_is_closed(settings, count_keys(settings)),
            workers=settings.api_workers,
        )
        if settings.api_workers == 1:
            return answer_requests(settings, listener, source)
    # The port is free: workers bind it themselves, each with a socket of its own.
    return Workers(settings, source).run()


def how_it_is_closed(settings: Settings, n_keys: int | None) -> str:
    """Who may ask, for the log.

    Args:
        settings: of the platform.
        n_keys: API keys on record, revoked ones as well; None when nobody can tell yet.

    Raises:
        SettingsError: other machines could ask, and no key keeps strangers out.
    """
    if n_keys:
        return f"{n_keys} API keys on record"
    if is_loopback(settings.api_host):
        return "loopback only: no API keys are " + ("known yet" if n_keys is None else "configured")
    if n_keys is None:
        return "closed until the API keys can be read"
    raise SettingsError(
        f"CREDIT_API_HOST={settings.api_host} and no API keys",
        expected="an API key, or a loopback address (127.0.0.1, ::1 or localhost), where only this machine may ask",
        remedy="make a key with `credit keys create`, or set CREDIT_API_HOST to 127.0.0.1",
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


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
