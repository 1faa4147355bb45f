"""One process that answers: the application under uvicorn, its signals, its end.

Here: what holds for a service of one process and for each of several. Keep out: what is
checked before it starts (`server`), and who starts several (`workers`).
"""

import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing import parent_process

import structlog

from resources.settings import Settings
from serving.live_model import ModelSource

log = structlog.get_logger("serving.worker")

# Longer than proxies keep idle connections (60 s), so that none sends into one that we close.
KEEP_ALIVE_S = 75

# An answer takes milliseconds, in an outage its deadline of 2 s; then in-flight requests end.
DRAIN_S = 10


def answer_requests(settings: Settings, listener: socket.socket, source: ModelSource | None) -> int:
    """Answer until SIGTERM, SIGINT or the end of a parent; requests in flight are answered first.

    Args:
        settings: of the platform.
        listener: bound; it listens when the application is ready, if it does not yet.
        source: where models come from; none means the platform's registry.

    Returns:
        The exit code.
    """
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

    def end() -> None:
        server.should_exit = True

    # uvicorn raises the signal that ended it once more after draining; by default that would
    # end the process before its exit handlers give the embedded database back.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end())
    _when_orphaned(end)
    server.run(sockets=[listener])
    log.info("stopped")
    return 0 if server.started else 1


def _when_orphaned(end: Callable[[], None]) -> None:
    """A parent that was killed cannot stop its workers; they would keep the port for ever."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        log.error("parent_gone", remedy="the worker ends too; start the service again")
        end()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
