"""The service while PostgreSQL is not there: how long its clients wait, and whether any answer fails.

Here: one window of load a state of the server, each state brought about as its window begins. Keep out: that every
decision is on record exactly once; the tests show that, with kills of the service besides.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from benchmarks.serving_load import loaded, running
from benchmarks.serving_platform import Platform
from benchmarks.serving_process import ServerError
from benchmarks.serving_sides import OURS, SIDES, Site
from resources import embedded_postgres, postmaster
from resources.database import Database

CONNECTIONS = 16
WINDOW_S = 5.0
HEAD = (
    "| PostgreSQL | requests/s | p50 ms | p99 ms | longest ms | errors |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
)


@dataclass(frozen=True)
class Server:
    """The platform's PostgreSQL, to be treated badly."""

    platform: Platform

    def stop(self) -> None:
        """In good order, whoever uses it."""
        embedded_postgres.stop(self.platform.settings.postgres_dir)

    def kill(self) -> None:
        """All of its processes at once, as a machine that loses power does."""
        family = self._family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family)

    def start(self) -> None:
        """Again, with a recovery after a kill."""
        embedded_postgres.attach(self.platform.settings.postgres_dir)

    def pause(self) -> None:
        """It takes connections and never answers."""
        for process in self._family():
            process.suspend()

    def resume(self) -> None:
        """After a pause."""
        for process in self._family():
            process.resume()

    def refuse(self) -> None:
        """End all connections and take no new ones."""
        self._execute(f"ALTER DATABASE {embedded_postgres.DATABASE} ALLOW_CONNECTIONS false")
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608  # of the constant
            f"WHERE datname = '{embedded_postgres.DATABASE}'"
        )

    def allow(self) -> None:
        """After a refusal."""
        self._execute(f"ALTER DATABASE {embedded_postgres.DATABASE} ALLOW_CONNECTIONS true")

    def _execute(self, statement: str) -> None:
        url = self.platform.database.url.replace(f"/{embedded_postgres.DATABASE}?", "/postgres?")
        with Database(url).connect(autocommit=True) as connection:
            connection.execute(statement)

    def _family(self) -> list[psutil.Process]:
        running_server = postmaster.find(self.platform.settings.postgres_dir)
        if running_server is None:
            raise ServerError("PostgreSQL ended by itself")
        # The postmaster first: a stopped one starts no process that would be missed.
        first = psutil.Process(running_server.pid)
        return [first, *first.children(recursive=True)]


def outages(platform: Platform, site: Site) -> Iterator[str]:
    """Rows of a table, one a state.

    Raises:
        ServerError: the service ended, or answered decisions are not on record at the end.
    """
    server = Server(platform)
    states: list[tuple[str, Callable[[], None] | None]] = [
        ("in order", None),
        ("stopped", server.stop),
        ("started again", server.start),
        ("paused (SIGSTOP)", server.pause),
        ("resumed", server.resume),
        ("refusing connections", server.refuse),
        ("taking them again", server.allow),
        ("killed", server.kill),
        ("started again", server.start),
        ("in order", None),
    ]
    side = SIDES[OURS]
    with running("outages", side, site) as service:
        windows = loaded(service, side, site, connections=CONNECTIONS, seconds=WINDOW_S, windows=len(states))
        for number, window in enumerate(windows):
            following = states[number + 1][1] if number + 1 < len(states) else None
            if following is not None:
                following()
            figures = f"{window.rate:,.0f} | {window.p50:.1f} | {window.p99:.1f} | {window.longest:.0f}"
            yield f"| {states[number][0]} | {figures} | {window.n_errors} |"
