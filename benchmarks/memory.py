"""What a command costs: seconds, CPU seconds and peak memory, its child processes included.

Here: one command in a fresh process, watched from outside. Add what else the operating system counts for a
process. Keep out: what is measured. The watcher imports little and works little, so that it takes nothing from
the side that it watches.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

# Often enough for several processes at once; of one, the kernel keeps the peak. A look takes a millisecond or two.
SECONDS_BETWEEN_LOOKS = 0.1
# What a failed command said last is mostly the reason.
LINES_OF_FAILURE = 30


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes:
        wall: seconds from start to end, the start of its interpreter included.
        cpu: seconds of user and system time, of child processes too.
        peak: bytes of memory at the highest moment, all processes of the tree together.
        said: what it wrote to its standard output.
    """

    wall: float
    cpu: float
    peak: int
    said: str


def measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end and say what it took.

    Raises:
        subprocess.CalledProcessError: it failed; `output` has its last lines.
    """
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # the command is the benchmark's own
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        with _watched(process.pid) as peaks:
            # wait4 counts exactly, and the children that ended before.
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if process.returncode:
        last = "\n".join(said.splitlines()[-LINES_OF_FAILURE:])
        raise subprocess.CalledProcessError(process.returncode, list(command), last)
    return Usage(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=max(peaks), said=said)


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command that runs a module in a fresh interpreter."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """The memory of a process and its children, look by look, while the block runs."""
    looks, ended = [0], threading.Event()

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            tree = psutil.Process(pid)
            while not ended.wait(SECONDS_BETWEEN_LOOKS):
                looks.append(_memory_of(tree))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield looks
    finally:
        ended.set()
        watcher.join()


def _memory_of(tree: psutil.Process) -> int:
    """Bytes held now by all of its processes, and no less than the most that the first ever held."""
    held = sum(_resident(process) for process in (tree, *tree.children(recursive=True)))
    return max(held, _high_water_mark(tree.pid))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        # It ended between the list and the look.
        return 0


def _high_water_mark(pid: int) -> int:
    """The kernel's own peak of one process (VmHWM), which no look between two peaks can miss; 0 where it keeps none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
