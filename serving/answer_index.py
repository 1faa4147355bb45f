"""The answer index: finds the answer to a key in the files of this machine.

Here: reading what the journal and the answer log have gained since the last look, whichever
process wrote it, and where each key stands. It is what answers a repeated request while
PostgreSQL is away, also after a restart. Keep out: who may use a key (`idempotency`).
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from resources.prediction_log import DecisionRecord
from serving.journal_segment import SUFFIX

# How a line begins to name its key: no text inside JSON can look like it, because quotes in
# text are escaped. Lines without it are not parsed.
_KEYED = b'"idempotency":{'


@dataclass(slots=True)
class _File:
    """How far a file is read, and the keys in it."""

    read: int = 0
    keys: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    start: int
    length: int


class AnswerIndex:
    """Where keys stand in the files of some folders. Safe to share between threads.

    Args:
        directories: of the journal and of the answer log.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories
        self._lock = threading.Lock()
        self._files: dict[str, _File] = {}
        self._places: dict[int, _Place] = {}

    def find(self, key: str) -> DecisionRecord | None:
        """The answer to a key, if a file of this machine has it."""
        number = key_number(key)
        with self._lock:
            self._refresh()
            place = self._places.get(number)
        return None if place is None else _read(place, key)

    def refresh(self) -> None:
        """Read what is new, so that the next `find` has less to read."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        present = dict(_sizes(self._directories))
        for path in self._files.keys() - present.keys():
            self._forget(path)
        for path in sorted(present):
            file = self._files.setdefault(path, _File())
            if present[path] > file.read:
                self._read_on(path, file)

    def _read_on(self, path: str, file: _File) -> None:
        with suppress(FileNotFoundError), Path(path).open("rb") as opened:
            opened.seek(file.read)
            for line in opened:
                # A line that is being written; read again when it is whole.
                if not line.endswith(b"\n"):
                    break
                if _KEYED in line and (number := _number_of(line)) is not None:
                    self._places[number] = _Place(path, file.read, len(line))
                    file.keys.append(number)
                file.read += len(line)

    def _forget(self, path: str) -> None:
        for number in self._files.pop(path).keys:
            place = self._places.get(number)
            if place is not None and place.path == path:
                del self._places[number]


def key_number(key: str) -> int:
    """A number of 62 bits that stands for a key; the same in every process."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 2


def _sizes(directories: Sequence[Path]) -> Iterator[tuple[str, int]]:
    for directory in directories:
        with suppress(FileNotFoundError), os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    with suppress(FileNotFoundError):
                        yield entry.path, entry.stat().st_size


def _number_of(line: bytes) -> int | None:
    try:
        return key_number(orjson.loads(line)["idempotency"]["key"])
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        # A damaged line answers nobody.
        return None


def _read(place: _Place, key: str) -> DecisionRecord | None:
    try:
        with Path(place.path).open("rb") as file:
            file.seek(place.start)
            record = DecisionRecord.from_json(file.read(place.length))
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        # Shipped since, and then PostgreSQL knows it; or a batch that was taken back.
        return None
    return record if record.idempotency is not None and record.idempotency.key == key else None
