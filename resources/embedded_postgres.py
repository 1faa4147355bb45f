"""A real PostgreSQL from the virtual environment, for machines where nobody set DATABASE_URL.

Here: attach and leave. Every process that uses the server holds one idle connection to it
(its handle), which the kernel closes when the process dies, however it dies; the last
process to leave in good order stops the server. Keep out: what is stored in it, and the
server process itself (`postmaster`).
"""

import atexit
import fcntl
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from credit_risk.errors import CreditError, SettingsError, UnavailableError
from resources import postmaster

DATABASE = "credit"
HANDLE = "credit-handle"

# A server on this machine answers in milliseconds; one that was paused never does.
CONNECT_TIMEOUT_S = 10

# A connection that was closed in good order is gone from the server within milliseconds.
GOODBYE_TIMEOUT_S = 2.0
GOODBYE_INTERVAL_S = 0.01

# By process as well as folder: a forked child inherits the table, but its parent's handle is
# not its own to rely on or to close.
_handles: dict[tuple[int, Path], "psycopg.Connection[tuple[Any, ...]]"] = {}


def attach(data_dir: Path) -> str:
    """Address of the server in `data_dir`, which is started if it does not run.

    Raises:
        SettingsError: the folder is not a data folder of this PostgreSQL version.
        UnavailableError: the server does not start.
    """
    data_dir = data_dir.resolve()
    with _lock(data_dir):
        server = postmaster.find(data_dir)
        if server is None or not server.ready:
            server = postmaster.start(data_dir)
        if not _holds(data_dir):
            _take_handle(data_dir, server)
    return server.url(DATABASE)


def leave(data_dir: Path) -> bool:
    """Give this process's handle back; stop the server when it was the last. True if stopped."""
    data_dir = data_dir.resolve()
    handle = _handles.pop((os.getpid(), data_dir), None)
    backend = _close(handle)
    if not is_running(data_dir):
        return False
    with _lock(data_dir):
        server = postmaster.find(data_dir)
        last = server is not None and _is_unused(server, backend)
        if last:
            postmaster.stop(data_dir)
        return last


def is_running(data_dir: Path) -> bool:
    """Whether a server runs in the folder."""
    return postmaster.find(data_dir.resolve()) is not None


def stop(data_dir: Path) -> bool:
    """Stop the server whoever uses it. False when none ran.

    Raises:
        UnavailableError: it does not stop.
    """
    data_dir = data_dir.resolve()
    _close(_handles.pop((os.getpid(), data_dir), None))
    if not is_running(data_dir):
        return False
    with _lock(data_dir):
        postmaster.stop(data_dir)
    return True


def _holds(data_dir: Path) -> bool:
    handle = _handles.get((os.getpid(), data_dir))
    if handle is None or handle.closed:
        return False
    # Nobody talks on an idle connection, but a server that ends hangs up. Asking it instead
    # would wait for ever for one that is paused.
    hung_up = select.poll()
    hung_up.register(handle.fileno(), select.POLLIN)
    return not hung_up.poll(0)


def _take_handle(data_dir: Path, server: postmaster.Postmaster) -> None:
    try:
        _ensure_database(server)
        handle = psycopg.connect(
            server.url(DATABASE), application_name=HANDLE, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
    except psycopg.OperationalError as error:
        raise UnavailableError(
            f"no answer from the embedded PostgreSQL in {data_dir} ({str(error).splitlines()[0]})",
            expected="a server that accepts connections",
            remedy=f"look at {data_dir / 'log'}",
        ) from None
    if not _handles:
        atexit.register(_leave_all)
    _close(_handles.get((os.getpid(), data_dir)))
    _handles[os.getpid(), data_dir] = handle


def _ensure_database(server: postmaster.Postmaster) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        # Two processes on a fresh folder meet here one after the other: the lock is held.
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _close(handle: "psycopg.Connection[tuple[Any, ...]] | None") -> int | None:
    """Close a handle. Returns the process id that served it."""
    if handle is None:
        return None
    backend = None if handle.closed else handle.info.backend_pid
    handle.close()
    return backend


def _is_unused(server: postmaster.Postmaster, left: int | None) -> bool:
    """Whether no process holds a handle; waits until the server has noticed that `left` is gone."""
    end = time.monotonic() + GOODBYE_TIMEOUT_S
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
    try:
        with psycopg.connect(server.url(DATABASE), autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            while True:
                holders = {row[0] for row in connection.execute(query, [HANDLE])}
                if left not in holders or time.monotonic() > end:
                    return not holders - {left}
                time.sleep(GOODBYE_INTERVAL_S)
    except psycopg.OperationalError:
        # Paused, crashed or about to end: whoever uses it next finds out.
        return False


def _leave_all() -> None:
    for pid, data_dir in list(_handles):
        if pid != os.getpid():
            continue
        try:
            leave(data_dir)
        except CreditError as error:
            # At the end of the process nobody is left to catch it.
            sys.stderr.write(f"{error}\n")


@contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    path = data_dir.parent / f".{quote(data_dir.name)}.lock"
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise SettingsError(
            f"{path}, which cannot be written ({error.strerror})",
            expected="a folder that this user may write",
            remedy="correct its permissions, or set CREDIT_HOME to another folder",
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
