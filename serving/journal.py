"""The journal: where decisions wait on local disk while PostgreSQL is away.

Here: appending durably, and finding what waits to be shipped: our own sealed segments and
those of processes that died. Keep out: PostgreSQL (shipper) and when to use which (recorder).
"""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from credit_risk.errors import SettingsError, UnavailableError
from resources.prediction_log import DecisionRecord
from serving.journal_segment import SUFFIX, OpenSegment, SealedSegment, count_lines

# A segment is read into memory as a whole when it is shipped: 8 MiB are about 2,000
# decisions of 400 features.
MAX_SEGMENT_BYTES = 8 * 1024 * 1024

# Some 50,000 decisions of 400 features: minutes at full load, a night at a branch's pace.
MAX_BYTES = 1024 * 1024 * 1024


class NoRecordError(UnavailableError):
    """Neither PostgreSQL nor the journal takes a decision: it must not be answered."""


class Journal:
    """Decisions on local disk, in order, until they are shipped. Safe to share between threads.

    Args:
        directory: may be shared with other processes; each appends to files of its own.
        max_bytes: of all segments in the folder; beyond it decisions are refused.
        max_segment_bytes: a segment of this size is sealed and another one begun.
    """

    def __init__(
        self, directory: Path, *, max_bytes: int = MAX_BYTES, max_segment_bytes: int = MAX_SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self._max_segment_bytes = max_segment_bytes
        self._lock = threading.Lock()
        self._open: OpenSegment | None = None
        # Records by segment name: what this process wrote, or found when it looked for orphans.
        self._waiting: dict[str, int] = {}

    def prepare(self) -> None:
        """Make the folder and write in it once.

        Raises:
            SettingsError: it cannot be made or written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            OpenSegment(self.directory).close()
        except OSError as error:
            raise SettingsError(
                f"a journal folder {self.directory} that cannot be written ({error.strerror})",
                expected="a folder on a local disk that this user may write",
                remedy="correct its permissions, or set CREDIT_HOME to another folder",
            ) from None

    def append(self, records: Sequence[DecisionRecord]) -> None:
        """Put decisions on disk: when this returns they survive a crash of process and machine.

        Raises:
            NoRecordError: the disk is full or broken, or the journal at its limit; none of
                them is in the journal. It takes decisions again as soon as there is room.
        """
        lines = b"".join(record.to_json() + b"\n" for record in records)
        with self._lock:
            try:
                # A look at the folder costs less than the fsync that follows, and counts the
                # segments of other processes too.
                if self.bytes_waiting() + len(lines) > self.max_bytes:
                    raise self._full()
                if self._open is None:
                    self._open = OpenSegment(self.directory)
                self._open.append(lines)
            except OSError as error:
                # After a failed fsync nobody knows what the disk holds: begin a new file.
                self._seal()
                raise NoRecordError(
                    f"a journal that cannot be written ({error.strerror})",
                    expected="room on the disk below CREDIT_HOME while PostgreSQL is away",
                    remedy="free disk space or start PostgreSQL; then send the application again",
                ) from None
            name = self._open.path.name
            self._waiting[name] = self._waiting.get(name, 0) + len(records)
            if self._open.size >= self._max_segment_bytes:
                self._seal()

    def seal(self) -> None:
        """Close the segment that is written, so that it can be shipped."""
        with self._lock:
            self._seal()

    def _seal(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def oldest(self) -> SealedSegment | None:
        """The oldest segment that waits to be shipped, locked; the caller releases it.

        Segments of processes that died are adopted; those of running ones are left to them.
        """
        for path in self._sealed_or_held():
            segment = SealedSegment.lock(path)
            if segment is not None:
                self._note(path)
                return segment
        self._forget_what_others_shipped()
        return None

    def shipped(self, segment: SealedSegment) -> None:
        """Remove a segment whose decisions are all in the database."""
        segment.remove()
        with self._lock:
            self._waiting.pop(segment.path.name, None)

    def depth(self) -> int:
        """Decisions that wait to be shipped, as far as this process knows."""
        with self._lock:
            return sum(self._waiting.values())

    def bytes_waiting(self) -> int:
        """Size of all segments in the folder, whoever wrote them."""
        with os.scandir(self.directory) as entries:
            return sum(_size_of(entry) for entry in entries if entry.name.endswith(SUFFIX))

    def age_s(self) -> float:
        """Seconds since the oldest segment that waits was begun; 0 when none waits."""
        with self._lock:
            oldest = min(self._waiting, default=None)
        return 0.0 if oldest is None else max(0.0, time.time() - int(oldest.split("-")[0]) / 1e9)

    def _full(self) -> NoRecordError:
        return NoRecordError(
            f"a journal at its limit of {self.max_bytes // 2**20} MB, while PostgreSQL is away",
            expected="PostgreSQL back before the journal is full",
            remedy="start PostgreSQL, or raise CREDIT_JOURNAL_MAX_MB; then send the application again",
        )

    def _sealed_or_held(self) -> list[Path]:
        return sorted(self.directory.glob(f"[0-9]*{SUFFIX}"))

    def _note(self, path: Path) -> None:
        with self._lock:
            if path.name not in self._waiting:
                self._waiting[path.name] = count_lines(path)

    def _forget_what_others_shipped(self) -> None:
        present = {path.name for path in self._sealed_or_held()}
        with self._lock:
            for name in [name for name in self._waiting if name not in present]:
                del self._waiting[name]


def _size_of(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        # Shipped since the folder was listed.
        return 0
