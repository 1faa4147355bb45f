"""The features of a window of decisions as one frame, without a JSON document or a number as text.

Here: binary COPY into a matrix. All numbers of a feature set are of one size on the wire, so
that numpy reads hundreds of decisions at a time. Add to it when a reader needs another column
beside the features. Keep out: single decisions (`prediction_log`), and writing (`decision_rows`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import psycopg

from resources.database import Connection
from resources.decision_record import FeatureNames

# Of 400 features each: what a processor's second cache holds. Four times as many take longer.
ROWS_AT_ONCE = 64

# Begins the first message of a binary COPY; a count of fields that no row has ends it.
COPY_HEADER_BYTES = 19
COPY_END = b"\xff\xff"

# A row as COPY sends it: a count of fields, then each field after its length.
_KEY = np.dtype([("", "V6"), ("id_high", ">u8"), ("id_low", ">u8"), ("", "V4"), ("created_at", ">i8")])
_KEY_BYTES = _KEY.itemsize
_LENGTH_BYTES = 4
_ARRAY_HEADER_BYTES = 20
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">f8")])

# The sets of a window, and how many decisions each has.
_SETS = """
SELECT s.numbers, s.texts, d.feature_set_id, d.n
FROM (SELECT feature_set_id, count(*) AS n FROM credit.decisions
      WHERE created_at >= %(start)s AND created_at < %(end)s GROUP BY 1) AS d
JOIN credit.feature_sets AS s USING (feature_set_id) ORDER BY d.feature_set_id
"""

# A NULL has no value on the wire; as NaN every row of a set has the same size.
_ROWS = """
COPY (
    SELECT prediction_id, created_at, array_to_json(texts), array_replace(numbers, NULL, 'NaN')
    FROM credit.decisions
    WHERE created_at >= %(start)s AND created_at < %(end)s AND feature_set_id = %(feature_set_id)s
    ORDER BY created_at, prediction_id
) TO STDOUT (FORMAT BINARY)
"""


def read_features(connection: Connection, start: datetime | None, end: datetime | None) -> pd.DataFrame:
    """Features of the decisions from `start` to before `end`, in the order of their moments.

    One column a feature of any of their feature sets: float64 for numbers, text or None for
    categories, objects for what is a number in some decisions and text in others. No
    decisions: an empty frame.

    Args:
        connection: not in a transaction yet; the frame is of one moment of the log.
        start: None is the beginning.
        end: None is the end.
    """
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    window = {"start": start or "-infinity", "end": end or "infinity"}
    sets = [
        (FeatureNames(tuple(numbers), tuple(texts)), feature_set_id, count)
        for numbers, texts, feature_set_id, count in connection.execute(_SETS, window).fetchall()
    ]
    if not sets:
        return pd.DataFrame()
    matrix = _Matrix([names for names, _, _ in sets], sum(count for _, _, count in sets))
    for names, feature_set_id, _ in sets:
        with connection.cursor().copy(_ROWS, window | {"feature_set_id": feature_set_id}) as copy:
            matrix.fill(names, _rows(copy))
    return matrix.frame()


class _Matrix:
    """The features of several feature sets by their union, one decision after the other."""

    def __init__(self, sets: Sequence[FeatureNames], n_rows: int) -> None:
        self._numbers = _positions(name for names in sets for name in names.numbers)
        self._texts = _positions(name for names in sets for name in names.texts)
        # A feature's values lie side by side: whoever compares features reads them one by one.
        self._values = np.empty((len(self._numbers), n_rows), dtype=np.float64)
        if len(sets) > 1:
            self._values.fill(np.nan)
        self._words: npt.NDArray[np.object_] = np.full((len(self._texts), n_rows), None, dtype=object)
        self._keys = np.empty(n_rows, dtype=_KEY)
        self._n_sets, self._at = len(sets), 0

    def fill(self, names: FeatureNames, rows: Iterator[bytes]) -> None:
        """Add the decisions of one feature set."""
        first, n_numbers = self._at, len(names.numbers)
        tail = _ELEMENT.itemsize * n_numbers
        before_tail = tail + _LENGTH_BYTES + (_ARRAY_HEADER_BYTES if n_numbers else 12)
        numbers = _places(self._numbers, names.numbers)
        words = []
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            end = self._at + len(chunk)
            self._keys[self._at : end] = np.frombuffer(b"".join([row[:_KEY_BYTES] for row in chunk]), dtype=_KEY)
            words += [row[_KEY_BYTES + _LENGTH_BYTES : len(row) - before_tail] for row in chunk]
            if n_numbers:
                elements = np.frombuffer(b"".join([row[-tail:] for row in chunk]), dtype=_ELEMENT)
                self._values[numbers, self._at : end] = elements["value"].reshape(len(chunk), n_numbers).T
            self._at = end
        if names.texts:
            decoded = orjson.loads(b"[" + b",".join(words) + b"]")
            texts = _places(self._texts, names.texts)
            self._words[texts, first : self._at] = np.array(decoded, dtype=object).T

    def frame(self) -> pd.DataFrame:
        """All decisions in the order of their moments."""
        values = pd.DataFrame(self._values.T, columns=list(self._numbers), copy=False)
        words = pd.DataFrame(self._words.T, columns=list(self._texts), copy=False)
        for name in self._texts:
            if name in self._numbers:
                known = values.pop(name).astype(object)
                words[name] = words[name].where(words[name].notna(), known)
        frame = pd.concat([values, words], axis=1, copy=False)
        if self._n_sets == 1:
            return frame
        order = np.lexsort((self._keys["id_low"], self._keys["id_high"], self._keys["created_at"]))
        return frame.take(order).reset_index(drop=True)


def _rows(copy: psycopg.Copy) -> Iterator[bytes]:
    """One message of a COPY is one row, by the protocol; the first begins with the header."""
    skip = COPY_HEADER_BYTES
    for message in copy:
        row = bytes(message)[skip:]
        skip = 0
        if row != COPY_END:
            yield row


def _positions(names: Iterable[str]) -> dict[str, int]:
    return {name: position for position, name in enumerate(dict.fromkeys(names))}


def _places(positions: dict[str, int], names: Sequence[str]) -> Any:  # noqa: ANN401  # an index of numpy
    places = [positions[name] for name in names]
    # A slice is written in place; a list of places is looked up element by element.
    return slice(None) if places == list(range(len(positions))) else np.array(places)
