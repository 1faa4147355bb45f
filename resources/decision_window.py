"""The features of a window of decisions as they come over the wire: binary COPY into matrices.

Here: one row a message. Fixed fields go first and all numbers of a feature set are of one size on the wire,
so that numpy reads hundreds of decisions at a time. Add to it when a reader needs another field beside the
features. Keep out: which window is read, and over how many connections (`decision_frames`).
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import psycopg

from resources.database import Connection
from resources.decision_record import DecisionError, FeatureNames

# Messages of 400 features joined and read at once: 1.3 MB, what a processor's second cache holds.
ROWS_AT_ONCE = 256

# Begins the first message of a binary COPY; a count of fields that no row has ends it.
COPY_HEADER_BYTES = 19
COPY_END = b"\xff\xff"

# A row as COPY sends it: a count of fields, then each field after its length.
_HEAD = [("", "V6"), ("created_at", ">i8"), ("", "V4"), ("set", "S16"), ("", "V4"), ("erased", "?")]
_SET = slice(18, 34)
_HEAD_BYTES = np.dtype(_HEAD).itemsize
_LENGTH_BYTES = 4
# Of an array with elements: dimensions, flags, type, length and first index; then elements after their lengths.
_ARRAY_HEADER_BYTES = 20
_EMPTY_ARRAY_BYTES = 12
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">f8")])

# PostgreSQL counts microseconds from here.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# A NULL has no value on the wire; as NaN every row of a set has the same size.
_ROWS = """
COPY (
    SELECT created_at, feature_set_id, erased_at IS NOT NULL, array_replace(numbers, NULL, 'NaN'), array_to_json(texts)
    FROM credit.decisions
    WHERE created_at >= %(start)s AND created_at < %(end)s
    ORDER BY created_at, prediction_id
) TO STDOUT (FORMAT BINARY)
"""


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a UTC day, and of the next one."""
    start = datetime.combine(day, time.min, tzinfo=UTC)
    return start, start + timedelta(days=1)


def combined(names: Sequence[FeatureNames]) -> FeatureNames:
    """All names of several feature sets, each once, in the order of their first occurrence."""
    return FeatureNames(
        tuple(dict.fromkeys(name for each in names for name in each.numbers)),
        tuple(dict.fromkeys(name for each in names for name in each.texts)),
    )


def as_frame(names: FeatureNames, numbers: npt.NDArray[np.float64], texts: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Values as a frame: a column a name; what is a number here and a text there becomes one column of objects.

    Args:
        names: of the rows of both.
        numbers: features x decisions, nan where missing.
        texts: features x decisions, None where missing.
    """
    values = pd.DataFrame(numbers.T, columns=list(names.numbers), copy=False)
    words = pd.DataFrame(texts.T, columns=list(names.texts), copy=False)
    for name in sorted(set(names.numbers) & set(names.texts)):
        known = values.pop(name).astype(object)
        words[name] = words[name].where(words[name].notna(), known)
    return pd.concat([values, words], axis=1, copy=False)


@dataclass
class Block:
    """Decisions of one feature set.

    Attributes:
        values: numbers x rows of the window, nan where missing; defined in rows of this feature set alone.
        words: texts x rows of the window, None where missing; the same.
        rows: whether a row of the window is of this feature set.
    """

    values: npt.NDArray[np.float64]
    words: npt.NDArray[np.object_]
    rows: npt.NDArray[np.bool_]


class Window:
    """The decisions of a window in the order of their moments. Two threads may fill different rows of it.

    Attributes:
        n_rows: how many there are.
        erased: whether a row was erased: it has no features, and is in no frame.
        blocks: by feature set.
        names: of the feature sets, once they were asked for.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.erased = np.zeros(n_rows, dtype=np.bool_)
        self._moments = np.empty(n_rows, dtype=np.int64)
        self.blocks: dict[bytes, Block] = {}
        self.names: dict[bytes, FeatureNames] = {}
        self._lock = threading.Lock()

    def fill(self, connection: Connection, bounds: Mapping[str, Any], *, first: int) -> None:
        """Read the decisions between two moments into the rows from `first` on."""
        with connection.cursor().copy(_ROWS, bounds) as copy:
            messages = _rows(copy)
            while chunk := list(islice(messages, ROWS_AT_ONCE)):
                self._add(chunk, np.arange(first, first + len(chunk)))
                first += len(chunk)

    def names_from(self, connection: Connection) -> None:
        """Ask for the names of the feature sets that were met."""
        query = "SELECT feature_set_id, numbers, texts FROM credit.feature_sets WHERE feature_set_id = ANY(%s)"
        wanted = [key.decode() for key in self.blocks]
        rows = connection.execute(query, [wanted]).fetchall() if wanted else []
        self.names = {key.encode(): FeatureNames(tuple(numbers), tuple(texts)) for key, numbers, texts in rows}
        missing = sorted(key.decode() for key in self.blocks.keys() - self.names.keys())
        if missing:
            raise DecisionError(
                f"decisions of feature sets that are not stored: {', '.join(missing)}",
                expected="their names in credit.feature_sets",
                remedy="restore that table from a backup",
            )

    def rows_of(self, day: date) -> range:
        """The rows of a UTC day."""
        bounds = [(moment - _EPOCH) // _MICROSECOND for moment in day_bounds(day)]
        start, stop = np.searchsorted(self._moments, bounds).tolist()
        return range(start, stop)

    def frame(self, start: int, stop: int) -> pd.DataFrame:
        """The features of some rows that were not erased; of feature sets that none of them has, none."""
        frame = self._frame(start, stop)
        erased = self.erased[start:stop]
        return frame[~erased].reset_index(drop=True) if erased.any() else frame

    def values(self, names: FeatureNames) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
        """All rows by wider names: numbers x rows, nan where missing, and texts x rows, None where missing."""
        return self._values(list(self.blocks), names, 0, self.n_rows)

    def _frame(self, start: int, stop: int) -> pd.DataFrame:
        here = sorted(key for key, block in self.blocks.items() if block.rows[start:stop].any())
        if not here:
            return pd.DataFrame()
        names = combined([self.names[key] for key in here])
        return as_frame(names, *self._values(here, names, start, stop))

    def _values(
        self, keys: Sequence[bytes], names: FeatureNames, start: int, stop: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
        if len(keys) == 1 and self.names[keys[0]] == names:
            block = self.blocks[keys[0]]
            return block.values[:, start:stop], block.words[:, start:stop]
        values = np.full((len(names.numbers), stop - start), np.nan)
        words: npt.NDArray[np.object_] = np.full((len(names.texts), stop - start), None, dtype=object)
        for key in keys:
            block, own = self.blocks[key], self.names[key]
            rows = np.flatnonzero(block.rows[start:stop])
            values[np.ix_(_places(names.numbers, own.numbers), rows)] = block.values[:, start + rows]
            words[np.ix_(_places(names.texts, own.texts), rows)] = block.words[:, start + rows]
        return values, words

    def _add(self, chunk: Sequence[bytes], at: npt.NDArray[np.int64]) -> None:
        """Decode some messages, which usually are of one feature set."""
        key = bytes(chunk[0][_SET])
        others = [number for number, row in enumerate(chunk) if row[_SET] != key]
        if not others:
            self._decode(key, chunk, at)
            return
        by_set: dict[bytes, list[int]] = {}
        for number, row in enumerate(chunk):
            by_set.setdefault(bytes(row[_SET]), []).append(number)
        for each, numbers in by_set.items():
            self._decode(each, [chunk[number] for number in numbers], at[numbers])

    def _decode(self, key: bytes, chunk: Sequence[bytes], at: npt.NDArray[np.int64]) -> None:
        """Messages of one feature set into their rows."""
        array_bytes = int.from_bytes(chunk[0][_HEAD_BYTES : _HEAD_BYTES + _LENGTH_BYTES], "big")
        n_numbers = max(0, array_bytes - _ARRAY_HEADER_BYTES) // _ELEMENT.itemsize
        header = _ARRAY_HEADER_BYTES if n_numbers else _EMPTY_ARRAY_BYTES
        fields = [*_HEAD, ("", f"V{_LENGTH_BYTES + header}"), ("numbers", _ELEMENT, (n_numbers,))]
        row_type = np.dtype(fields)
        fixed = row_type.itemsize
        rows = np.frombuffer(b"".join([row[:fixed] for row in chunk]), dtype=row_type)
        texts = orjson.loads(b"[" + b",".join([row[fixed + _LENGTH_BYTES :] for row in chunk]) + b"]")
        block = self._block_of(key, n_numbers, len(texts[0]))
        # In one piece it is written in place; a list of rows is looked up element by element.
        place = slice(at[0], at[-1] + 1) if at[-1] - at[0] == len(at) - 1 else at
        self._moments[place] = rows["created_at"]
        self.erased[place] = rows["erased"]
        block.rows[place] = True
        block.values[:, place] = rows["numbers"]["value"].T
        block.words[:, place] = np.array(texts, dtype=object).reshape(len(texts), -1).T

    def _block_of(self, key: bytes, n_numbers: int, n_texts: int) -> Block:
        with self._lock:
            if key not in self.blocks:
                self.blocks[key] = Block(
                    # A feature's values lie side by side: whoever compares features reads them one by one.
                    # Memory of rows that no decision of this set fills is never touched, and so never taken.
                    np.empty((n_numbers, self.n_rows), dtype=np.float64),
                    np.empty((n_texts, self.n_rows), dtype=object),
                    np.zeros(self.n_rows, dtype=np.bool_),
                )
            return self.blocks[key]


def _rows(copy: psycopg.Copy) -> Iterator[bytes]:
    """One message of a COPY is one row, by the protocol; the first begins with the header."""
    for number, message in enumerate(copy):
        row = bytes(message)[COPY_HEADER_BYTES:] if number == 0 else bytes(message)
        if row != COPY_END:
            yield row


def _places(all_names: Sequence[str], names: Iterable[str]) -> npt.NDArray[np.intp]:
    positions = {name: position for position, name in enumerate(all_names)}
    return np.array([positions[name] for name in names], dtype=np.intp)
