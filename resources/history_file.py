"""A file of decisions of an older system: its rows as decisions, and every fault named.

Here: opening, and reading what differs from row to row (features, reasons, identity). Keep
out: what a column must hold (`history_columns`), and the way into the database (`history`).
"""

import math
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.decision import decide
from credit_risk.errors import CreditError
from resources.decision_record import DecisionRecord, FeatureNames
from resources.history_columns import LABELS, NESTED, OPTIONAL, REQUIRED, type_problems, value_problems

# Rows in memory at a time; a row of 419 features is about 20 KB as Python objects.
BATCH_ROWS = 5_000


class HistoryError(CreditError):
    """A file of decisions cannot be imported."""


class HistoryFile:
    """A Parquet file of decisions, opened and checked but for its features.

    Args:
        path: of the file.
        name: of the older system; `model_version` becomes `import:<name>`.

    Raises:
        HistoryError: no Parquet file, columns absent or of a wrong type, or values that no
            decision can have; names all of them.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self._faults: dict[str, int] = {}
        try:
            self._parquet = pq.ParquetFile(path)
            self._check_types()
            self.first_day, self.last_day = self._check_values()
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parquet.close()

    def decisions(self) -> Iterator[list[tuple[DecisionRecord, int | None]]]:
        """The rows in batches, each as a decision and its target when known.

        Raises:
            HistoryError: features that cannot be stored or compared; at the end, when all of
                them are known. Batches that came before it are then worth nothing.
        """
        try:
            for batch in self._parquet.iter_batches(BATCH_ROWS):
                rows = _rows(batch)
                features = [self._features(row["features"]) for row in rows]
                # Nobody knows the older system's model: what it took is what its decisions hold.
                names = FeatureNames.of(row for row in features if row is not None)
                records = [self._record(row, found, names) for row, found in zip(rows, features, strict=True)]
                if not self._faults:
                    yield [record for record in records if record is not None]
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(error) from None
        self._refuse_faults()

    def _check_types(self) -> None:
        problems = type_problems(self._parquet.schema_arrow)
        if problems:
            raise self._error(", ".join(problems), f"the columns {', '.join(REQUIRED)}")
        if self._parquet.metadata.num_rows == 0:
            raise self._error("no rows", "at least one decision")

    def _check_values(self) -> tuple[date, date]:
        plain = [c for c in self._parquet.schema_arrow.names if c in (REQUIRED | OPTIONAL) and c not in NESTED]
        table = self._parquet.read(plain)
        table = table.set_column(plain.index("created_at"), "created_at", _moments(table["created_at"]))
        self._faults = value_problems(table.to_pandas(), datetime.now(UTC))
        if self._faults:
            # The features' faults as well: who corrects a file wants to do it once.
            for _ in self.decisions():
                pass
        span = pc.min_max(table["created_at"]).as_py()
        return span["min"].date(), span["max"].date()

    def _record(
        self, row: dict[str, Any], features: dict[str, Any] | None, names: FeatureNames
    ) -> tuple[DecisionRecord, int | None] | None:
        """A row as a decision and its target, or None with its faults noted."""
        reasons = self._reasons(row.get("reasons"))
        if self._faults or features is None:
            return None
        prediction = _prediction(row)
        probability, threshold = float(row["probability"]), float(row["threshold"])
        sent = orjson.dumps(features, option=orjson.OPT_SORT_KEYS).decode()
        # The same decision is the same row, wherever a later export of the same system has it.
        identity = f"{self.name}/{row['created_at'].isoformat()}/{row['sk_id_curr']}/{probability}/{threshold}/{sent}"
        record = DecisionRecord(
            prediction_id=uuid.UUID(row.get("prediction_id") or str(uuid.uuid5(uuid.NAMESPACE_OID, identity))),
            created_at=row["created_at"],
            sk_id_curr=row["sk_id_curr"],
            probability=probability,
            prediction=prediction,
            decision=LABELS[prediction],
            threshold=threshold,
            model_version=f"import:{self.name}",
            inference_time_ms=_number(row.get("inference_time_ms")),
            n_features_missing=_integer(row.get("n_features_missing")),
            features=features,
            feature_names=names,
            reasons=reasons,
        )
        return record, _integer(row.get("target"))

    def _features(self, cell: Any) -> dict[str, Any] | None:  # noqa: ANN401  # struct, map or JSON text
        try:
            # A map arrives as pairs, a struct as a dictionary; JSON text must be an object.
            values = {**orjson.loads(cell)} if isinstance(cell, str) else dict(cell)
        except (TypeError, ValueError):
            self._note("features that are missing or no JSON object")
            return None
        features = {}
        for name, value in values.items():
            known = float(value) if isinstance(value, Decimal) else value
            # A missing feature is left out, as the service leaves it out; a struct column cannot.
            if known is None or (isinstance(known, float) and math.isnan(known)):
                continue
            problem = _feature_problem(name, known)
            if problem:
                self._note(f"values of {name!r} that are {problem}")
            features[name] = known
        return features

    def _reasons(self, cell: Any) -> tuple[Mapping[str, Any], ...]:  # noqa: ANN401  # list, JSON text or None
        try:
            reasons = orjson.loads(cell) if isinstance(cell, str) else list(cell or [])
            storable = isinstance(reasons, list) and all(isinstance(reason, dict) for reason in reasons)
            if storable and b"\\u0000" not in orjson.dumps(reasons):
                return tuple(reasons)
        except (TypeError, ValueError):
            pass
        self._note("reasons that are no list of JSON objects")
        return ()

    def _note(self, problem: str) -> None:
        self._faults[problem] = self._faults.get(problem, 0) + 1

    def _refuse_faults(self) -> None:
        if self._faults:
            found = ", ".join(f"{count} {problem}" for problem, count in self._faults.items())
            rows = self._parquet.metadata.num_rows
            raise self._error(f"{found} in {rows} rows", "past decisions with all of their values")

    def _error(self, found: str, expected: str) -> HistoryError:
        return HistoryError(f"{self.path}: {found}", expected=expected, remedy="correct the file; nothing was imported")

    def _unreadable(self, error: Exception) -> HistoryError:
        return HistoryError(
            f"{self.path}: {str(error).splitlines()[0]}",
            expected="a Parquet file of decisions",
            remedy="check the path and how the file was written; nothing was imported",
        )


def _feature_problem(name: object, value: object) -> str | None:
    # PostgreSQL's text and jsonb do not take U+0000.
    if "\x00" in str(name) or (isinstance(value, str) and "\x00" in value):
        return "text with the character U+0000"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return "neither numbers nor text"
    return "infinite" if isinstance(value, float) and math.isinf(value) else None


def _moments(column: Any) -> Any:  # noqa: ANN401  # pyarrow publishes no types
    return pc.cast(column, pa.timestamp("us", "UTC"), safe=False)


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    position = batch.schema.get_field_index("created_at")
    rows: list[dict[str, Any]] = batch.set_column(position, "created_at", _moments(batch.column(position))).to_pylist()
    return rows


def _prediction(row: Mapping[str, Any]) -> int:
    """What was decided: as the file says, else as the threshold says."""
    given = _integer(row.get("prediction"))
    if given is not None:
        return given
    if row.get("decision") is not None:
        return int(row["decision"] == LABELS[1])
    return decide(float(row["probability"]), float(row["threshold"])).prediction


def _number(cell: Any) -> float | None:  # noqa: ANN401  # a number of any type, or None
    return None if cell is None or math.isnan(cell) else float(cell)


def _integer(cell: Any) -> int | None:  # noqa: ANN401  # a number of any type, or None
    number = _number(cell)
    return None if number is None else int(number)
