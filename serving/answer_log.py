"""The answer log: what this machine answered to keys lately, for while PostgreSQL cannot say.

Here: one short line for each keyed decision that PostgreSQL has taken, in files of a bounded
size. It is a convenience: PostgreSQL and the journal hold the truth, so nothing is fsynced.
It survives the end of the process; after a crash of the machine it is worth what is left of
it. Keep out: finding a key in it (`answer_index`).
"""

import os
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from resources.idempotency import NO_FEATURES
from resources.prediction_log import DecisionRecord
from serving.journal_segment import SUFFIX

log = structlog.get_logger("serving.answer_log")

# 128 MiB are about 100,000 answers: an hour at 30 a second, and less than the index of them
# may cost in memory (some 20 MB a worker).
MAX_BYTES = 128 * 1024 * 1024
MAX_FILE_BYTES = 8 * 1024 * 1024


class AnswerLog:
    """Appends answers to files of this process. Safe to share between threads.

    Args:
        directory: may be shared with other processes; each appends to files of its own.
        max_bytes: of all files in the folder; beyond it the oldest goes.
        max_file_bytes: a file of this size is left and another one begun.
    """

    def __init__(self, directory: Path, *, max_bytes: int = MAX_BYTES, max_file_bytes: int = MAX_FILE_BYTES) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self._max_file_bytes = max_file_bytes
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0

    def append(self, records: Sequence[DecisionRecord]) -> None:
        """Remember what was decided, without its features; decisions without a key are skipped."""
        lines = b"".join(_answer(record) for record in records if record.idempotency is not None)
        if not lines:
            return
        with self._lock:
            try:
                self._write(lines)
            except OSError as error:
                # The decisions are on record; only a retry during an outage would miss this.
                log.warning("answer_log_failed", reason=error.strerror)
                self._leave()

    def close(self) -> None:
        """Close the file; it stays for the next process."""
        with self._lock:
            self._leave()

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            self._begin()
        assert self._file is not None
        written = os.write(self._file, lines)
        self._size += written
        # On a full disk a line is torn; nothing may follow it.
        if written < len(lines) or self._size >= self._max_file_bytes:
            self._leave()

    def _begin(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._drop_oldest()
        path = self.directory / f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size = 0

    def _leave(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _drop_oldest(self) -> None:
        files = sorted(self.directory.glob(f"*{SUFFIX}"))
        sizes = {path: path.stat().st_size for path in files}
        surplus = sum(sizes.values()) + self._max_file_bytes - self._max_bytes
        for path in files:
            if surplus <= 0:
                break
            path.unlink(missing_ok=True)
            surplus -= sizes[path]


def _answer(record: DecisionRecord) -> bytes:
    return replace(record, features={}, feature_names=NO_FEATURES).to_json() + b"\n"
