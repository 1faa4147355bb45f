"""Key locks: on one machine, one request at a time has a key, whichever worker it reached.

Here: locks between processes that end with the process that holds them. PostgreSQL decides
between machines, and between workers while it is there; these locks decide while it is away.
Keep out: requests of one process (`idempotency` knows them).
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from serving.answer_index import key_number
from serving.problems import RequestError

NAME = "keys.lock"

# The other request takes some milliseconds, in an outage its deadline.
LOOK_INTERVAL_S = 0.005

# A worker that was stopped (SIGSTOP) keeps its keys until it goes on or dies.
PATIENCE_S = 10.0


class KeyLocks:
    """Locks on the bytes of one empty file, a key's number being the byte's.

    Args:
        directory: shared by the workers of this machine. A process opens it once: the kernel
            drops all locks of a process when it closes any handle of the file.
    """

    def __init__(self, directory: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._path = directory / NAME
        self._patience_s = patience_s
        self._file: int | None = None

    def open(self) -> None:
        """Open the file.

        Raises:
            OSError: the folder cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)

    def close(self) -> None:
        """Give every lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Wait until no other process of this machine has the key, and have it.

        Raises:
            RequestError: 503, another process has it for too long.
        """
        assert self._file is not None, "open comes first"
        byte = key_number(key)
        end = asyncio.get_running_loop().time() + self._patience_s
        while not _lock(self._file, byte):
            if asyncio.get_running_loop().time() > end:
                raise _busy(self._patience_s)
            await asyncio.sleep(LOOK_INTERVAL_S)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)


def _lock(file: int, byte: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _busy(seconds: float) -> RequestError:
    return RequestError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "idempotency-key-busy",
        f"another request with this Idempotency-Key that is not answered after {seconds:.0f} s",
        expected="the first request to end",
        remedy="send the same request again",
    )
