"""Rows of features in the binary format of PostgreSQL's COPY, encoded by whole batches.

Here: `(bigint, float8[], text[])` from an Arrow batch, the numbers without a Python object a value. Add a column
type when a table that is loaded in bulk has one. Keep out: tables and transactions (`online_features_load`).
"""

import struct
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": signature, flags, no extension.
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)

FLOAT8_OID, TEXT_OID = 701, 25
ABSENT = struct.pack("!i", -1)

# One number in an array: its length, then 8 bytes; or the length -1 and nothing. In words of 4 bytes.
WORDS = 3
LENGTH_OF_NUMBER, LENGTH_OF_ABSENT = 8, 0xFFFFFFFF

# A block of 600 features takes 7 MB of words and 2 MB of flags, which the processor's caches still help with.
BLOCK_ROWS = 1024


def encode_rows(batch: pa.RecordBatch, key: str, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[bytes]:
    """The rows as `(key, numbers, texts)`, in blocks of whole rows; a missing value is NULL within its array.

    Args:
        batch: with all of these columns.
        key: a column of integers without missing values.
        numbers: columns of 64-bit floats.
        texts: columns of text.
    """
    for start in range(0, batch.num_rows, BLOCK_ROWS):
        block = batch.slice(start, BLOCK_ROWS)
        keys = block[key].to_numpy(zero_copy_only=False).astype(">i8").tobytes()
        heads = [_ROW_HEAD + keys[i : i + 8] for i in range(0, len(keys), 8)]
        number_fields = _number_arrays([block[name] for name in numbers], block.num_rows)
        text_fields = _text_arrays([block[name] for name in texts], block.num_rows)
        yield b"".join(part for row in zip(heads, number_fields, text_fields, strict=True) for part in row)


# Three fields; the first one has 8 bytes.
_ROW_HEAD = struct.pack("!hi", 3, 8)


def _number_arrays(columns: Sequence[pa.Array], n_rows: int) -> Iterator[bytes]:
    """One float8[] a row, as a field: its length, its head, its elements."""
    words = np.empty((n_rows, len(columns), WORDS), dtype=">u4")
    kept = np.ones((n_rows, len(columns), WORDS), dtype=np.bool_)
    for position, column in enumerate(columns):
        present = _present(column)
        values = np.ascontiguousarray(column.to_numpy(zero_copy_only=False), dtype=">f8")
        words[:, position, 0] = np.where(present, LENGTH_OF_NUMBER, LENGTH_OF_ABSENT)
        words[:, position, 1:] = values.view(">u4").reshape(n_rows, 2)
        kept[:, position, 1:] = present[:, np.newaxis]
    elements = words[kept].tobytes()
    lengths: list[int] = (words.itemsize * kept.sum(axis=(1, 2))).tolist()
    whole, start = words.itemsize * WORDS * len(columns), 0
    for length in lengths:
        yield _array(FLOAT8_OID, len(columns), elements[start : start + length], has_absent=length < whole)
        start += length


def _text_arrays(columns: Sequence[pa.Array], n_rows: int) -> Iterator[bytes]:
    """One text[] a row, as a field. Each level of a column is encoded once."""
    if not columns:
        return iter([_array(TEXT_OID, 0, b"", has_absent=False)] * n_rows)
    encoded = [_levels(column) for column in columns]
    return (
        _array(TEXT_OID, len(columns), b"".join(row), has_absent=ABSENT in row) for row in zip(*encoded, strict=True)
    )


def _levels(column: pa.Array) -> list[bytes]:
    coded = column.dictionary_encode()
    levels = [_text(level) for level in coded.dictionary.to_pylist()]
    # The code of a missing value is missing; -1 is the last of the list.
    codes = coded.indices.fill_null(-1).to_pylist()
    levels.append(ABSENT)
    return [levels[code] for code in codes]


def _text(value: str) -> bytes:
    content = value.encode()
    return struct.pack("!i", len(content)) + content


def _array(element_oid: int, n_elements: int, elements: bytes, *, has_absent: bool) -> bytes:
    # An empty array has no dimension; others one, whose first element is number 1.
    dimensions = struct.pack("!ii", n_elements, 1) if n_elements else b""
    head = struct.pack("!iii", bool(n_elements), has_absent, element_oid) + dimensions
    return struct.pack("!i", len(head) + len(elements)) + head + elements


def _present(column: pa.Array) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return present
