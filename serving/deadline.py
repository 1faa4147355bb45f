"""Deadlines for statements: a server that is paused or cut off must not hold a request.

Here: the one watchdog thread. PostgreSQL's own statement_timeout ends what a healthy server
does too slowly; only the client can end what a stopped one does not do at all. Keep out:
what happens to the decisions of a statement that was ended (recorder).
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from resources.database import Connection

# How late a cut may come: it adds to the deadline that an answer waits for. Fifty looks a
# second at a list of one or two cost nothing that can be measured.
LOOK_INTERVAL_S = 0.02


class Watchdog:
    """Cuts the connections whose statements outlive their deadline. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[socket.socket, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; deadlines no longer hold."""
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def limit(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Cut the connection if the block is not done in time; psycopg then raises OperationalError.

        The server may still do what it was told before: treat the outcome as unknown.
        """
        # A second handle of the same socket: the connection may close its own at any moment.
        handle = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._watched[handle] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(handle, None)
                handle.close()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_INTERVAL_S):
            now = time.monotonic()
            with self._lock:
                for handle in [handle for handle, due in self._watched.items() if due < now]:
                    del self._watched[handle]
                    _cut(handle)


def _cut(handle: socket.socket) -> None:
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The peer was faster.
        return
