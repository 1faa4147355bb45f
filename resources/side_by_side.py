"""Tables set side by side: rows of the same key become one row, read in step, in the memory of a few batches.

All are sorted by their key, so nothing has to be looked up, sorted, or held: a join that an engine makes of
hundreds of columns costs several times the reading and writing of them. Keep out: what is read and written.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk.errors import RawTableError
from resources.parquet_writer import ROW_GROUP_ROWS


def side_by_side(first: pq.ParquetFile, others: Sequence[pq.ParquetFile], key: str) -> pa.RecordBatchReader:
    """Every row of the first table, with the columns of the row of its key in each of the others.

    Args:
        first: ascending by key.
        others: ascending by key, no key twice, columns of other names than the first's. A key that the first does
            not hold is left out; a key that they do not hold has their columns missing.
        key: of whole numbers, none missing.

    Raises:
        RawTableError: while it is read: a table is not sorted.
    """
    joined = [field for other in others for field in other.schema_arrow if field.name != key]
    return pa.RecordBatchReader.from_batches(pa.schema([*first.schema_arrow, *joined]), _rows(first, others, key))


def _rows(first: pq.ParquetFile, others: Sequence[pq.ParquetFile], key: str) -> Iterator[pa.RecordBatch]:
    followers = [_Follower(other, key) for other in others]
    last = None
    for batch in first.iter_batches(ROW_GROUP_ROWS):
        keys = batch.column(key).to_numpy()
        _require_ascending(keys, last, key)
        last = keys[-1]
        columns = [*batch.columns, *(column for follower in followers for column in follower.columns_of(keys))]
        names = [*batch.schema.names, *(name for follower in followers for name in follower.names)]
        yield pa.RecordBatch.from_arrays(columns, names=names)


class _Follower:
    """A table that is read as far as the keys that were asked for."""

    def __init__(self, file: pq.ParquetFile, key: str) -> None:
        self._batches = file.iter_batches(ROW_GROUP_ROWS)
        self._key = key
        self._unread = file.schema_arrow.empty_table()
        self.names = [name for name in file.schema_arrow.names if name != key]

    def columns_of(self, keys: "np.ndarray[Any, Any]") -> list[pa.Array]:
        """The columns of these ascending keys, which come after those that were asked for before."""
        held = self._read_to(keys[-1])
        place = np.searchsorted(held, keys)
        found = place < len(held)
        found[found] = held[place[found]] == keys[found]
        rows = self._unread.select(self.names).take(pa.array(place, mask=~found))
        self._unread = self._unread.slice(int(np.searchsorted(held, keys[-1], side="right")))
        return [column.combine_chunks() for column in rows.columns]

    def _read_to(self, last: int) -> "np.ndarray[Any, Any]":
        while not len(self._unread) or self._keys()[-1] < last:
            batch = next(self._batches, None)
            if batch is None:
                break
            self._unread = pa.concat_tables([self._unread, pa.Table.from_batches([batch])]).combine_chunks()
            _require_ascending(self._keys(), None, self._key)
        return self._keys()

    def _keys(self) -> "np.ndarray[Any, Any]":
        return np.asarray(self._unread.column(self._key).to_numpy())


def _require_ascending(keys: "np.ndarray[Any, Any]", before: int | None, key: str) -> None:
    if (np.diff(keys) > 0).all() and (before is None or not len(keys) or keys[0] > before):
        return
    raise RawTableError(
        f"a feature table whose {key} does not ascend",
        expected="each key once, in ascending order",
        remedy="materialize the features of the sources again",
    )
