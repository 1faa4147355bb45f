"""Servers under load: started, watched and stopped by their process id.

Here: one server in a process group of its own, its log in a file, and the clocks of a process tree. Keep out:
which servers there are (`serving_sides`), and the load.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

# Importing MLflow and making its tables takes most of this on a busy machine.
READY_TIMEOUT_S = 120.0
LOOK_INTERVAL_S = 0.1
# A server that never rests is loaded all the same.
SETTLE_TIMEOUT_S = 30.0
SETTLED_FOR_S = 1.0
SETTLED_CORES = 0.1
# Servers that drain do so within 10 s.
STOP_TIMEOUT_S = 20.0
# What a server said last is mostly why it ended.
LINES_OF_LOG = 15


class ServerError(Exception):
    """A server that did not start, or ended; the message has its last words."""


@dataclass(frozen=True)
class Command:
    """How a server is started.

    Attributes:
        arguments: the command line.
        environment: variables beside those of the benchmark.
        folder: working folder.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Server:
    """A running server; use it as a context manager.

    Attributes:
        pid: of the process that was started; its children belong to it.
    """

    def __init__(self, command: Command, log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  # the commands are the benchmark's own
                [*command.arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **command.environment},
                cwd=command.folder,
                # A group of its own: servers that start workers may leave them behind.
                start_new_session=True,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = READY_TIMEOUT_S) -> None:
        """Ask until it is ready.

        Raises:
            ServerError: it ended, or is not ready in time.
        """
        end = time.monotonic() + timeout_s
        while not ready():
            if self._process.poll() is not None:
                raise ServerError(f"the server ended with exit code {self._process.returncode}:\n{self.last_words()}")
            if time.monotonic() > end:
                raise ServerError(f"the server is not ready after {timeout_s:.0f} s:\n{self.last_words()}")
            time.sleep(LOOK_INTERVAL_S)

    def settle(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Wait until it has little to do: with several workers, others may still start when the first one answers."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            before = cpu_seconds(self.pid)
            time.sleep(SETTLED_FOR_S)
            if cpu_seconds(self.pid) - before < SETTLED_FOR_S * SETTLED_CORES:
                return

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:])

    def stop(self) -> None:
        """Ask it to end, then end what is left of its group."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its children, and those that ended before; 0 of none."""
    total = 0.0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_bytes(pid: int) -> int:
    """Memory that a process and its children hold now; pages that they share count for each."""
    total = 0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += int(process.memory_info().rss)
    return total


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
