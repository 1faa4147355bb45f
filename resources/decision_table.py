"""Decisions as an Arrow table: the form in which a day leaves PostgreSQL, lies in the lake, and is read again.

Here: the columns, the way from PostgreSQL and to frames and records, and a digest of the rows. Features are two
structs, `numbers` and `texts`, a typed field a feature: no name of a feature can meet that of a column, and engines
read `numbers.AMT_CREDIT` alone. Keep out: files and what is archived (`decision_archive`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from resources.database import Connection
from resources.decision_record import DecisionRecord, FeatureNames, erased_error
from resources.decision_window import Window, as_frame, combined

# As the columns of `credit.decisions`; reasons are the JSON that PostgreSQL prints.
PLAIN = pa.schema(
    [
        pa.field("prediction_id", pa.binary(16), nullable=False),
        pa.field("created_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("sk_id_curr", pa.int64()),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("prediction", pa.int16(), nullable=False),
        pa.field("decision", pa.string(), nullable=False),
        pa.field("threshold", pa.float64(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("inference_time_ms", pa.float64()),
        pa.field("n_features_missing", pa.int32()),
        pa.field("feature_set_id", pa.string(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
        pa.field("erased_at", pa.timestamp("us", tz="UTC")),
    ]
)
FEATURES = ("numbers", "texts")

# Names of the feature sets, so that a file needs nothing else to be read.
FEATURE_SETS = b"credit:feature_sets"

# Of a decision in a frame, in this order; its features are asked for by themselves.
DECISION_COLUMNS = (
    "prediction_id", "created_at", "sk_id_curr", "probability", "prediction", "decision", "threshold",
    "model_version", "inference_time_ms", "n_features_missing",
)  # fmt: skip

# Rows as Python objects at a time; one of 600 features is about 30 kB.
RECORDS_AT_ONCE = 500

_SELECT = ", ".join(name if name != "reasons" else "reasons::text" for name in PLAIN.names)
_WINDOW = "FROM credit.decisions WHERE created_at >= %s AND created_at < %s"
_PLAIN = f"SELECT {_SELECT} {_WINDOW} ORDER BY created_at, prediction_id"
# A window shows NaN and NULL alike. The service stores no NaN; whoever wrote one with SQL gets it back.
_NOT_A_NUMBER = f"SELECT prediction_id, created_at, numbers {_WINDOW} AND 'NaN' = ANY(numbers)"


def table_of_window(connection: Connection, window: Window, bounds: Sequence[Any]) -> pa.Table:
    """The decisions of a window that was read on the same connection, features beside the plain columns."""
    rows = connection.execute(_PLAIN, bounds, binary=True).fetchall()
    columns = dict(zip(PLAIN.names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(PLAIN.names, ())
    ids = columns["prediction_id"]
    plain = columns | {"prediction_id": [identity.bytes for identity in ids]}
    keys = sorted(window.blocks)
    names = combined([window.names[key] for key in keys])
    numbers, texts = window.values(names)
    absent = np.isnan(numbers)
    row_of = {(identity, moment): row for row, (identity, moment) in enumerate(zip(ids, columns["created_at"]))}  # noqa: B905
    for identity, moment, stored in connection.execute(_NOT_A_NUMBER, bounds, binary=True):
        row = row_of[identity, moment]
        own = window.names[columns["feature_set_id"][row].encode()]
        given = {name for name, value in zip(own.numbers, stored, strict=True) if value is not None}
        absent[[place for place, name in enumerate(names.numbers) if name in given], row] = False
    sets = {key.decode(): window.names[key] for key in keys}
    features = {
        "numbers": {
            name: pa.array(values, mask=mask) for name, values, mask in zip(names.numbers, numbers, absent, strict=True)
        },
        "texts": {name: pa.array(words, pa.string()) for name, words in zip(names.texts, texts, strict=True)},
    }
    return _with_sets(pa.table(plain, schema=PLAIN), features, sets)


def feature_sets(table: pa.Table) -> dict[str, FeatureNames]:
    """The feature sets of a table's decisions, by id."""
    stored = orjson.loads((table.schema.metadata or {})[FEATURE_SETS])
    return {key: FeatureNames(tuple(numbers), tuple(texts)) for key, (numbers, texts) in stored.items()}


def union(old: pa.Table, new: pa.Table) -> pa.Table:
    """The decisions of both in the order of their moments; of a decision in both, that of `new`."""
    ours, theirs = _keys(new), _keys(old)
    known = set(ours)
    old = old.filter(pa.array([key not in known for key in theirs], pa.bool_()))
    sets = feature_sets(old) | feature_sets(new)
    names = combined([sets[key] for key in sorted(sets)])
    features = {
        "numbers": _joined("numbers", names.numbers, pa.float64(), old, new),
        "texts": _joined("texts", names.texts, pa.string(), old, new),
    }
    plain = pa.concat_tables([old.select(PLAIN.names), new.select(PLAIN.names)]).replace_schema_metadata(None)
    both = _with_sets(plain, features, sets)
    return both.take(pc.sort_indices(both, [("created_at", "ascending"), ("prediction_id", "ascending")]))


def count_client(table: pa.Table, sk_id_curr: int) -> int:
    """Decisions on a client."""
    return int(pc.sum(pc.equal(table["sk_id_curr"], sk_id_curr)).as_py() or 0)


def without_client(table: pa.Table, sk_id_curr: int, moment: datetime) -> pa.Table:
    """The decisions, those on a client erased: without its id, features, and all of its reasons but their codes."""
    hit = pc.fill_null(pc.equal(table["sk_id_curr"], sk_id_curr), fill_value=False)
    reasons = [
        orjson.dumps([{"code": reason.get("code")} for reason in orjson.loads(text)]).decode() if gone else text
        for text, gone in zip(table["reasons"].to_pylist(), hit.to_pylist(), strict=True)
    ]
    plain = table.select(PLAIN.names).replace_schema_metadata(None)
    instead = {
        "sk_id_curr": _emptied(table["sk_id_curr"], hit),
        "n_features_missing": _emptied(table["n_features_missing"], hit),
        "reasons": pa.array(reasons, pa.string()),
        "erased_at": pc.if_else(hit, pa.scalar(moment, PLAIN.field("erased_at").type), table["erased_at"]),
    }
    for name, column in instead.items():
        plain = plain.set_column(plain.schema.get_field_index(name), PLAIN.field(name), column)
    features = {
        kind: {
            name: pa.concat_arrays(_emptied(column, hit).chunks)
            for name, column in feature_columns(table, kind).items()
        }
        for kind in FEATURES
    }
    return _with_sets(plain, features, feature_sets(table))


def _emptied(column: pa.ChunkedArray, hit: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(hit, pa.scalar(None, column.type), column)


def digest(table: pa.Table) -> str:
    """SHA-256 of the rows in their order: every column, missing and present values, numbers to the bit.

    Independent of chunks, encodings, and the order of columns.
    """
    total = hashlib.sha256()
    columns = {name: table[name] for name in PLAIN.names}
    columns |= {f"{kind}\0{name}": column for kind in FEATURES for name, column in feature_columns(table, kind).items()}
    for name in sorted(columns):
        column = pa.concat_arrays(columns[name].chunks) if columns[name].num_chunks else pa.array([], PLAIN.field(name))
        total.update(f"{name}\0{column.type}\0{len(column)}\0".encode())
        total.update(np.packbits(column.is_valid().to_numpy(zero_copy_only=False)).tobytes())
        for part in _content(column):
            total.update(part)
    return total.hexdigest()


def feature_columns(table: pa.Table, kind: str) -> dict[str, pa.ChunkedArray]:
    """The numbers or the texts of a table by name."""
    if kind not in table.schema.names:
        return {}
    column, fields = table[kind], table.schema.field(kind).type
    # Not `flatten`, which would lay the struct's own missing rows over its fields: it has none.
    return {
        fields.field(place).name: pa.chunked_array(
            [chunk.field(place) for chunk in column.chunks], fields.field(place).type
        )
        for place in range(fields.num_fields)
    }


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The features of the decisions that were not erased, as `PredictionLog.features_of` gives them."""
    table = _not_erased(table)
    if table.num_rows == 0:
        return pd.DataFrame()
    present = set(table["feature_set_id"].unique().to_pylist())
    sets = feature_sets(table)
    names = combined([sets[key] for key in sorted(present)])
    numbers, texts = feature_columns(table, "numbers"), feature_columns(table, "texts")
    values = np.empty((len(names.numbers), table.num_rows))
    for place, name in enumerate(names.numbers):
        values[place] = numbers[name].to_numpy()
    words: npt.NDArray[np.object_] = np.empty((len(names.texts), table.num_rows), dtype=object)
    for place, name in enumerate(names.texts):
        words[place] = texts[name].to_numpy()
    return as_frame(names, values, words)


def records_of(table: pa.Table) -> Iterator[DecisionRecord]:
    """The decisions that were not erased, in their order."""
    sets = feature_sets(table)
    table = _not_erased(table)
    for start in range(0, table.num_rows, RECORDS_AT_ONCE):
        some = table.slice(start, RECORDS_AT_ONCE)
        columns = {kind: {n: c.to_pylist() for n, c in feature_columns(some, kind).items()} for kind in FEATURES}
        for row, plain in enumerate(some.select(PLAIN.names).to_pylist()):
            yield _record(plain, sets[plain["feature_set_id"]], columns, row)


def record_of(row: pa.Table) -> DecisionRecord:
    """The decision in the one row of a table.

    Raises:
        ErasedError: its client was erased.
    """
    record = next(records_of(row), None)
    if record is None:
        raise erased_error(UUID(bytes=row["prediction_id"][0].as_py()))
    return record


def _record(
    plain: dict[str, Any], names: FeatureNames, columns: Mapping[str, Mapping[str, list[Any]]], row: int
) -> DecisionRecord:
    del plain["erased_at"], plain["feature_set_id"]
    plain["prediction_id"] = UUID(bytes=plain["prediction_id"])
    plain["created_at"] = plain["created_at"].astimezone(UTC)
    plain["reasons"] = orjson.loads(plain["reasons"])
    features = names.features(
        (columns["numbers"][name][row] for name in names.numbers),
        (columns["texts"][name][row] for name in names.texts),
    )
    return DecisionRecord(**plain, features=features, feature_names=names)


def _with_sets(
    plain: pa.Table, features: Mapping[str, Mapping[str, pa.Array]], sets: Mapping[str, FeatureNames]
) -> pa.Table:
    for kind, columns in features.items():
        # Parquet knows no struct without fields.
        if columns:
            struct = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
            plain = plain.append_column(kind, struct)
    stored = {key: [names.numbers, names.texts] for key, names in sorted(sets.items())}
    return plain.replace_schema_metadata({FEATURE_SETS: orjson.dumps(stored)})


def _joined(kind: str, names: Sequence[str], type_: pa.DataType, old: pa.Table, new: pa.Table) -> dict[str, pa.Array]:
    parts = [(feature_columns(table, kind), table.num_rows) for table in (old, new)]
    return {
        name: pa.concat_arrays(
            [chunk for known, n in parts for chunk in (known[name].chunks if name in known else [pa.nulls(n, type_)])]
        )
        for name in names
    }


def _keys(table: pa.Table) -> list[tuple[bytes, int]]:
    moments = table["created_at"].cast(pa.int64()).to_pylist()
    return list(zip(table["prediction_id"].to_pylist(), moments, strict=True))


def _not_erased(table: pa.Table) -> pa.Table:
    erased = table["erased_at"]
    return table if erased.null_count == len(erased) else table.filter(pc.is_null(erased))


def _content(column: pa.Array) -> Iterator[bytes]:
    if pa.types.is_string(column.type):
        # In the order of their first occurrence, which is that of the rows.
        coded = column.dictionary_encode()
        yield orjson.dumps(coded.dictionary.to_pylist())
        column = coded.indices
    if pa.types.is_fixed_size_binary(column.type):
        yield b"".join(column.to_pylist())
        return
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    yield column.fill_null(0).to_numpy(zero_copy_only=False).tobytes()
