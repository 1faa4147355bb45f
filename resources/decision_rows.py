"""Decisions on their way into PostgreSQL: one binary parameter, one statement, each decision once.

Here: the wire format of `credit.sent_decision[]` and the statement that takes it. Measured
against binary COPY through a temporary table, parallel arrays and rows of VALUES, it costs
the least CPU on both sides. Keep out: reading (`decision_frames`, `prediction_log`).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import orjson
from psycopg.adapt import Dumper
from psycopg.pq import Format, TransactionStatus

from resources.database import Connection
from resources.decision_record import DecisionError, DecisionRecord, FeatureNames

# PostgreSQL counts microseconds from here.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# Types by the numbers that PostgreSQL gave them once and for all.
BIGINT, SMALLINT, INTEGER, FLOAT, TEXT = 20, 21, 23, 701, 25
UUID_TYPE, TIMESTAMPTZ, JSONB, FLOATS, TEXTS = 2950, 1184, 3802, 1022, 1009

# Missing numbers travel as NaN, which a decision cannot hold: all elements are then of one
# size and numpy writes them. They are stored as NULL, which takes a bit instead of 8 bytes.
# (prediction_id, created_at) says which decision it is, so that a batch whose commit is
# uncertain is safe to send again.
_INSERT = """
INSERT INTO credit.decisions (
    prediction_id, created_at, sk_id_curr, probability, prediction, decision, threshold,
    model_version, inference_time_ms, n_features_missing, feature_set_id, numbers, texts, reasons)
SELECT prediction_id, created_at, sk_id_curr, probability, prediction, decision, threshold,
    model_version, inference_time_ms, n_features_missing, feature_set_id,
    array_replace(numbers, 'NaN', NULL), texts, reasons
FROM unnest(%b::credit.sent_decision[])
ON CONFLICT DO NOTHING
"""

_INSERT_FEATURE_SET = """
WITH added AS (
    INSERT INTO credit.feature_sets (feature_set_id, numbers, texts) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*) = 1, pg_current_xact_id()::text FROM added
"""

_ELEMENT = np.dtype([("length", ">i4"), ("value", ">f8")])
_ABSENT = b"\xff\xff\xff\xff"
_ARRAY_HEADER = struct.Struct(">iiIii")
_FIELD_HEADER = struct.Struct(">Ii")
_LENGTH = struct.Struct(">i")
_FLOAT = struct.Struct(">d")
# Fields of `credit.sent_decision`, and its first five, which are always there.
N_FIELDS = 14
_HEAD = struct.Struct(">iIi16sIiqIiqIidIih")


def insert_decisions(connection: Connection, records: Sequence[DecisionRecord]) -> int:
    """Insert decisions in one statement; those already there are left as they are.

    The caller commits, or the connection does, in autocommit. Returns how many were new. Numbers
    come back to the same bits. PostgreSQL refuses text with the character U+0000, and with it
    the whole batch: turn such an application away before it is decided.

    Raises:
        DecisionError: features that are not of the record's feature names, or of another kind.
    """
    if not records:
        return 0
    ensure_feature_sets(connection, (record.feature_names for record in records))
    # In their order, because two batches that share decisions would otherwise wait for each other for ever.
    ordered = sorted(records, key=lambda record: (record.prediction_id.bytes, record.created_at))
    return connection.execute(_INSERT, [_Encoded(_encode(ordered, _known(connection).row_type))]).rowcount


def ensure_feature_sets(connection: Connection, wanted: Iterable[FeatureNames]) -> None:
    """Store the feature sets that this connection does not know to be stored."""
    known = _known(connection)
    new = {names.id: names for names in wanted if names.id not in known.committed}
    # In their order, for the same reason as decisions.
    for feature_set_id, names in sorted(new.items()):
        alone = connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE
        row = connection.execute(
            _INSERT_FEATURE_SET, [feature_set_id, list(names.numbers), list(names.texts)]
        ).fetchone()
        added, transaction = row or (False, None)
        if added and not alone:
            # It may be rolled back yet.
            known.uncommitted[feature_set_id] = transaction
        elif alone or known.uncommitted.get(feature_set_id) != transaction:
            known.committed.add(feature_set_id)


@dataclass
class _Known:
    """What a connection has learnt of its database.

    Attributes:
        row_type: the number that this database gave `credit.sent_decision`.
        committed: feature sets that are stored for good.
        uncommitted: feature sets that this connection stored, with the transaction that may yet be rolled back.
    """

    row_type: int
    committed: set[str] = field(default_factory=set)
    uncommitted: dict[str, str] = field(default_factory=dict)


_by_connection: WeakKeyDictionary[Connection, _Known] = WeakKeyDictionary()


def _known(connection: Connection) -> _Known:
    known = _by_connection.get(connection)
    if known is None:
        row = connection.execute("SELECT 'credit.sent_decision'::regtype::oid::bigint").fetchone()
        connection.adapters.register_dumper(_Encoded, _EncodedDumper)
        known = _by_connection[connection] = _Known(row_type=int(row[0]) if row else 0)
    return known


class _Encoded:
    """A parameter that is in PostgreSQL's binary format already."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


class _EncodedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Encoded) -> bytes:
        return obj.content


def _encode(records: Sequence[DecisionRecord], row_type: int) -> bytes:
    parts = [_ARRAY_HEADER.pack(1, 0, row_type, len(records), 1)]
    for _, run in groupby(records, key=lambda record: record.feature_names.id):
        for row in _encode_run(list(run)):
            parts += (_LENGTH.pack(len(row)), row)
    return b"".join(parts)


def _encode_run(records: Sequence[DecisionRecord]) -> Iterator[bytes]:
    """Rows of decisions that share a feature set: their numbers are laid out in one go."""
    names = records[0].feature_names
    n_numbers = len(names.numbers)
    rows = [names.row(record.features) for record in records]
    numbers = _number_arrays([row[:n_numbers] for row in rows], names)
    for record, row, array in zip(records, rows, numbers, strict=True):
        yield _row(record, array, _text_array(row[n_numbers:], names))


def _row(record: DecisionRecord, numbers: bytes, texts: bytes) -> bytes:
    """A decision as `credit.sent_decision`."""
    time_ms, n_missing = record.inference_time_ms, record.n_features_missing
    return b"".join(
        [
            _HEAD.pack(
                N_FIELDS,
                *(UUID_TYPE, 16, record.prediction_id.bytes),
                *(TIMESTAMPTZ, 8, _microseconds(record.created_at)),
                *(BIGINT, 8, record.sk_id_curr),
                *(FLOAT, 8, record.probability),
                *(SMALLINT, 2, record.prediction),
            ),
            _field(TEXT, record.decision.encode()),
            _field(FLOAT, _FLOAT.pack(record.threshold)),
            _field(TEXT, record.model_version.encode()),
            _field(FLOAT, None if time_ms is None else _FLOAT.pack(time_ms)),
            _field(INTEGER, None if n_missing is None else _LENGTH.pack(n_missing)),
            _field(TEXT, record.feature_names.id.encode()),
            _field(FLOATS, numbers),
            _field(TEXTS, texts),
            # The version of the format comes before the JSON.
            _field(JSONB, b"\x01" + orjson.dumps(record.reasons)),
        ]
    )


def _field(kind: int, content: bytes | None) -> bytes:
    if content is None:
        return _FIELD_HEADER.pack(kind, -1)
    return _FIELD_HEADER.pack(kind, len(content)) + content


def _number_arrays(rows: Sequence[Sequence[Any]], names: FeatureNames) -> list[bytes]:
    n_numbers = len(names.numbers)
    if n_numbers == 0:
        return [_ARRAY_HEADER.pack(0, 0, FLOAT, 0, 0)[:12]] * len(rows)
    layout = struct.Struct(f"{n_numbers}d")
    # Unlike numpy, struct does not read the text "1.5" as a number.
    values = b"".join([_packed(layout, row, names) for row in rows])
    elements = np.empty((len(rows), n_numbers), dtype=_ELEMENT)
    elements["length"] = 8
    elements["value"] = np.frombuffer(values, dtype=np.float64).reshape(elements.shape)
    content, size = elements.tobytes(), elements.dtype.itemsize * n_numbers
    header = _ARRAY_HEADER.pack(1, 0, FLOAT, n_numbers, 1)
    return [header + content[start : start + size] for start in range(0, len(content), size)]


def _packed(layout: struct.Struct, row: Sequence[Any], names: FeatureNames) -> bytes:
    try:
        return layout.pack(*row)
    except struct.error:
        known = [np.nan if value is None else value for value in row]
        wrong = [name for name, value in zip(names.numbers, known, strict=True) if isinstance(value, str)]
        if wrong:
            raise _of_another_kind(wrong, "numbers") from None
        return layout.pack(*known)


def _text_array(values: Sequence[Any], names: FeatureNames) -> bytes:
    if not values:
        return _ARRAY_HEADER.pack(0, 0, TEXT, 0, 0)[:12]
    parts = [_ARRAY_HEADER.pack(1, 1, TEXT, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_ABSENT)
        elif isinstance(value, str):
            content = value.encode()
            parts += (_LENGTH.pack(len(content)), content)
        else:
            wrong = [n for n, v in zip(names.texts, values, strict=True) if v is not None and not isinstance(v, str)]
            raise _of_another_kind(wrong, "text")
    return b"".join(parts)


def _of_another_kind(names: Sequence[str], expected: str) -> DecisionError:
    return DecisionError(
        f"a decision with {len(names)} features of another kind: {', '.join(names)}",
        expected=f"{expected} under these names",
        remedy="give the record the feature names of the model that scored it",
        fields={"names": list(names)},
    )


def _microseconds(moment: datetime) -> int:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
