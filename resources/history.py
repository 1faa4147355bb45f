"""Decisions of an older system, brought in from a Parquet file.

Here: what such a file must hold, and its way into `predictions` and `outcomes`. Keep out:
decisions of our own service (`prediction_log`).
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk.decision import decide
from credit_risk.errors import CreditError
from resources import schema
from resources.database import Connection, Database
from resources.prediction_log import DecisionRecord, insert_decisions

REQUIRED = ("created_at", "sk_id_curr", "probability", "threshold", "features")

# Partitions of the graph begin here; an older day could be stored but never reported.
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)

# Rows in memory at a time; a row of 419 features is about 20 KB as Python objects.
BATCH_ROWS = 5_000


class HistoryError(CreditError):
    """A file of decisions cannot be imported."""


@dataclass(frozen=True)
class ImportSummary:
    """What an import found and did."""

    rows: int
    new_decisions: int
    new_outcomes: int
    first_day: date
    last_day: date


def import_history(database: Database, file: Path, name: str) -> ImportSummary:
    """Bring a file of decisions into the log: all of it or nothing, and each decision once.

    Args:
        database: with the platform's tables.
        file: Parquet with the columns of `predictions`; `created_at` with a time zone,
            `features` a struct, map or JSON text; `target` (0, 1 or null) is optional, as is
            everything that follows from the rest. A row without `prediction_id` gets one
            that the same row of the same import always gets.
        name: of the older system; `model_version` becomes `import:<name>`, which says that
            these decisions cannot be replayed.

    Raises:
        HistoryError: the file is no Parquet file, lacks columns, or holds values that no
            decision can have; names all of them.
    """
    parquet = _open(file)
    first, last = _check(parquet, file)
    rows = new_decisions = new_outcomes = 0
    with database.connect() as connection:
        schema.ensure_partitions(connection, first.date(), last.date())
        for batch in parquet.iter_batches(BATCH_ROWS):
            found = list(_records(batch, name, rows))
            rows += len(found)
            new_decisions += insert_decisions(connection, [record for record, _ in found])
            new_outcomes += _insert_outcomes(connection, found)
    return ImportSummary(rows, new_decisions, new_outcomes, first.date(), last.date())


def _open(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(
            f"{file}: {str(error).splitlines()[0]}",
            expected="a Parquet file of decisions",
            remedy="check the path and how the file was written",
        ) from None


def _check(parquet: pq.ParquetFile, file: Path) -> tuple[datetime, datetime]:
    names = parquet.schema_arrow.names
    absent = [column for column in REQUIRED if column not in names]
    if absent:
        raise _fault(file, f"no column {', '.join(absent)}", f"the columns {', '.join(REQUIRED)}")
    created = parquet.schema_arrow.field("created_at").type
    if not pa.types.is_timestamp(created) or created.tz is None:
        raise _fault(file, f"created_at of type {created}", "a timestamp with a time zone")
    columns = parquet.read([c for c in REQUIRED if c != "features"]).to_pandas()
    if columns.empty:
        raise _fault(file, "no rows", "at least one decision")
    now = datetime.now(UTC)
    faults = {
        "missing values": int(columns.isna().any(axis=1).sum()),
        "probabilities outside [0, 1]": int((~columns["probability"].between(0, 1)).sum()),
        f"decisions before {FIRST_DAY:%Y-%m-%d}": int((columns["created_at"] < FIRST_DAY).sum()),
        "decisions of the future": int((columns["created_at"] > now).sum()),
    }
    found = [f"{count} {fault}" for fault, count in faults.items() if count]
    if found:
        raise _fault(file, f"{', '.join(found)} in {len(columns)} rows", "past decisions with all of their values")
    return columns["created_at"].min().to_pydatetime(), columns["created_at"].max().to_pydatetime()


def _records(batch: pa.RecordBatch, name: str, offset: int) -> Iterator[tuple[DecisionRecord, int | None]]:
    """Each row as a decision, and its target when known."""
    for position, row in enumerate(batch.to_pylist(), start=offset):
        created_at = row["created_at"].astimezone(UTC)
        given = row.get("prediction_id")
        # The same row of the same import is the same decision, however often it is imported.
        identity = f"{name}/{position}/{created_at.isoformat()}/{row['sk_id_curr']}"
        decision = decide(row["probability"], row["threshold"])
        target = row.get("target")
        record = DecisionRecord(
            prediction_id=uuid.UUID(str(given)) if given else uuid.uuid5(uuid.NAMESPACE_OID, identity),
            created_at=created_at,
            sk_id_curr=int(row["sk_id_curr"]),
            probability=float(row["probability"]),
            prediction=_given(row, "prediction", decision.prediction),
            decision=_given(row, "decision", decision.label),
            threshold=float(row["threshold"]),
            model_version=f"import:{name}",
            inference_time_ms=row.get("inference_time_ms"),
            n_features_missing=row.get("n_features_missing"),
            features=_features(row["features"]),
            reasons=row.get("reasons") or [],
        )
        yield record, None if target is None else int(target)


def _given(row: dict[str, Any], column: str, otherwise: Any) -> Any:  # noqa: ANN401  # a cell of any column
    value = row.get(column)
    return otherwise if value is None else value


def _features(cell: Any) -> dict[str, Any]:  # noqa: ANN401  # struct, map or JSON text
    if isinstance(cell, str | bytes):
        cell = orjson.loads(cell)
    # A missing feature is left out, as the service leaves it out; a struct column cannot.
    return {key: value for key, value in dict(cell).items() if value is not None and value == value}  # noqa: PLR0124  # not NaN


def _insert_outcomes(connection: Connection, found: list[tuple[DecisionRecord, int | None]]) -> int:
    known = [(record, target) for record, target in found if target is not None]
    return connection.execute(
        "INSERT INTO credit.outcomes (prediction_id, target, observed_at)"
        " SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::timestamptz[]) ON CONFLICT DO NOTHING",
        [
            [r.prediction_id for r, _ in known],
            [target for _, target in known],
            [r.created_at for r, _ in known],
        ],
    ).rowcount


def _fault(file: Path, found: str, expected: str) -> HistoryError:
    return HistoryError(f"{file}: {found}", expected=expected, remedy="correct the file; nothing was imported")
