"""A segment: one file of the journal, one JSON line a decision, owned through a file lock.

Here: the file format and what a crash can do to it. Keep out: when to spool and when to
ship (recorder, shipper).
"""

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from resources.prediction_log import DecisionRecord

SUFFIX = ".jsonl"
# Lines that nobody can read are kept beside the journal for a person to look at.
SET_ASIDE_SUFFIX = ".unreadable"
REFUSED_SUFFIX = ".refused"


class OpenSegment:
    """The segment that this process appends to; a kernel lock says so to other processes.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        # The name sorts by age. Nanoseconds and a random part keep two processes apart.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        self.path = directory / name
        self.size = 0
        unlocked = directory / f".{name}"
        self._file = os.open(unlocked, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            # Locked before it gets its name: nobody may adopt it in between.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlocked.rename(self.path)
            sync_directory(directory)
        except OSError:
            os.close(self._file)
            unlocked.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
            raise

    def append(self, lines: bytes) -> None:
        """Write whole lines; they are on disk when this returns.

        Raises:
            OSError: nothing of `lines` is in the segment; use another one.
        """
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._file, lines[written:])
            os.fsync(self._file)
        except OSError:
            # Half a batch must not be shipped: its requests are answered with an error.
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(lines)

    def close(self) -> None:
        """Seal the segment: from here on any process may ship it."""
        if self.size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)


@dataclass(frozen=True)
class Contents:
    """What a segment holds: decisions in order, and how many lines were not decisions."""

    records: list[DecisionRecord]
    n_unreadable: int


class SealedSegment:
    """A segment that nobody appends to any more, locked by this process for shipping."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self._file = file

    @classmethod
    def lock(cls, path: Path) -> Self | None:
        """The segment, or None while another process (or our own writer) holds it, or when it is gone."""
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last owner may have shipped and removed it before we got the lock.
            if os.fstat(file).st_nlink > 0:
                return cls(path, file)
        except BlockingIOError:
            pass
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        return None

    def read(self) -> Contents:
        """The decisions of the segment. Lines that are none are kept in a file beside it.

        A crash in the middle of a write leaves a torn last line: its request was never answered.

        Raises:
            OSError: the segment cannot be read, or its unreadable lines cannot be kept.
        """
        records, unreadable = [], []
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                records.append(DecisionRecord.from_json(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                unreadable.append(line)
        if unreadable:
            self.keep_beside(SET_ASIDE_SUFFIX, unreadable)
        return Contents(records, len(unreadable))

    def keep_beside(self, suffix: str, lines: Sequence[bytes]) -> None:
        """Keep lines in a file of their own, durably; the same lines again change nothing."""
        target = self.path.with_name(self.path.name + suffix)
        with target.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self.path.parent)

    def remove(self) -> None:
        """Remove the file: every decision in it is in the database."""
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._file)


def sync_directory(directory: Path) -> None:
    """Make names in a folder durable: a file that was fsynced can still lose its name."""
    file = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def count_lines(path: Path) -> int:
    """Lines of a segment, 0 when it is gone."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes().count(b"\n")
    return 0
