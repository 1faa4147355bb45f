"""Several workers on one port: processes with a socket each, and the parent that keeps them.

Here: starting them, replacing one that died, stopping all. The kernel deals new connections out
to the workers that listen (SO_REUSEPORT): to none that is still starting, and none that died.
One socket for all would let the first worker that wakes take every connection of a burst. Keep
out: what a worker does (`worker`), and anything heavy: the parent only waits.
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path

import structlog

from credit_risk.errors import CreditError
from resources.settings import Settings
from serving.live_model import ModelSource
from serving.logs import configure_logs
from serving.metrics import forget_worker, share_between_workers
from serving.worker import DRAIN_S, answer_requests

log = structlog.get_logger("serving.workers")

# A worker that lived shorter than this will die again: it is given time before it is replaced,
# twice as much each time.
SHORT_LIFE_S = 10.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

# After the drain a worker closes its parts: a recorder and a shipper take their deadlines to end.
END_S = DRAIN_S + 10.0


@dataclass
class _Worker:
    """One place among the workers, and the process that holds it now."""

    number: int
    process: SpawnProcess | None = None
    started: float = 0.0
    pause_s: float = 0.0
    due: float = 0.0


class Workers:
    """The parent's side.

    Args:
        settings: of the platform; `api_workers` says how many.
        source: where models come from; none means the platform's registry. It travels to the workers.
    """

    def __init__(self, settings: Settings, source: ModelSource | None) -> None:
        self._settings = settings
        self._source = source
        self._metrics = metrics_folder(settings)
        self._workers = [_Worker(number) for number in range(settings.api_workers)]
        self._stopping = False
        self._woken, self._wake = os.pipe()

    def run(self) -> int:
        """Keep the workers running until SIGTERM or SIGINT, then let them drain. The exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        # Figures of an earlier service on this port are not ours.
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True)
        # Never listens: it keeps the port ours while no worker does.
        with contextlib.closing(shared_socket(self._settings)):
            while not self._stopping:
                for worker in self._workers:
                    self._look_after(worker)
                self._wait()
            return self._stop()

    def _end(self, *_: object) -> None:
        self._stopping = True
        os.write(self._wake, b".")

    def _wait(self) -> None:
        """Until a worker ends, one is due, or a signal comes."""
        now = time.monotonic()
        running = [worker.process.sentinel for worker in self._workers if worker.process]
        due = [worker.due - now for worker in self._workers if not worker.process]
        connection.wait([*running, self._woken], timeout=max(0.0, min(due)) if due else None)

    def _look_after(self, worker: _Worker) -> None:
        if worker.process is not None and worker.process.exitcode is not None:
            self._note_end(worker)
        if worker.process is None and time.monotonic() >= worker.due:
            self._start(worker)

    def _start(self, worker: _Worker) -> None:
        arguments = (self._settings, self._source, worker.number, self._metrics)
        # Not forked: threads, locks and sockets of the parent must not come along.
        worker.process = get_context("spawn").Process(target=_work, args=arguments, name=f"worker-{worker.number}")
        worker.process.start()
        worker.started = time.monotonic()
        log.info("worker_started", number=worker.number, pid=worker.process.pid)

    def _note_end(self, worker: _Worker) -> None:
        assert worker.process is not None
        now = time.monotonic()
        short = now - worker.started < SHORT_LIFE_S
        worker.pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, worker.pause_s * 2)) if short else 0.0
        worker.due = now + worker.pause_s
        log.error(
            "worker_ended",
            number=worker.number,
            pid=worker.process.pid,
            # Negative: the signal that killed it.
            exit_code=worker.process.exitcode,
            next_in_s=worker.pause_s,
        )
        worker.process.close()
        worker.process = None
        forget_worker(self._metrics, worker.number)

    def _stop(self) -> int:
        running = [worker.process for worker in self._workers if worker.process]
        for process in running:
            process.terminate()
        end = time.monotonic() + END_S
        for process in running:
            process.join(max(0.0, end - time.monotonic()))
        stuck = [process for process in running if process.exitcode is None]
        for process in stuck:
            log.error("worker_killed", pid=process.pid, reason=f"it had not ended {END_S:.0f} s after SIGTERM")
            process.kill()
            process.join()
        log.info("stopped", workers=len(running))
        return 1 if stuck else 0


def metrics_folder(settings: Settings) -> Path:
    """Where workers share their metrics: of one port, because two services may share a home."""
    return settings.home / "serving" / "metrics" / str(settings.api_port)


def shared_socket(settings: Settings) -> socket.socket:
    """A socket on the service's port that other workers may bind too. It does not listen yet."""
    host, port = settings.api_host, settings.api_port
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def _work(settings: Settings, source: ModelSource | None, number: int, metrics: Path) -> None:
    """What a worker's process does."""
    share_between_workers(metrics, number)
    configure_logs(worker=number)
    try:
        code = answer_requests(settings, shared_socket(settings), source)
    except CreditError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)
