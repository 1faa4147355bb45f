"""The prediction log: every decision, on record before its answer.

Here: writing decisions exactly once, reading a day, counting days. Add a query when a
report needs one. Keep out: scoring and verdicts (the core), the service's journal (`serving`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson
import pandas as pd

from resources.database import Connection, Database


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it is stored; `created_at` is stamped once and travels with it."""

    prediction_id: UUID
    created_at: datetime
    sk_id_curr: int
    probability: float
    prediction: int
    decision: str
    threshold: float
    model_version: str
    inference_time_ms: float | None
    n_features_missing: int | None
    features: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        """A record equals what is read back of it, whether its reasons came as a list or a tuple."""
        object.__setattr__(self, "reasons", tuple(self.reasons))

    def to_json(self) -> bytes:
        """One line of JSON, without a line end."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, line: bytes | str) -> "DecisionRecord":
        """Read what `to_json` wrote, to the same bits."""
        fields = orjson.loads(line)
        fields["prediction_id"] = UUID(fields["prediction_id"])
        fields["created_at"] = datetime.fromisoformat(fields["created_at"])
        return cls(**fields)


# ON CONFLICT DO NOTHING makes a batch whose commit is uncertain safe to send again:
# (prediction_id, created_at) says which decision it is. In their order, because two batches
# that share decisions would otherwise wait for each other for ever. JSON travels as binary text arrays (%b):
# quoting every brace and quote of a thousand features took most of the service's time.
_INSERT = """
INSERT INTO credit.predictions (
    prediction_id, created_at, sk_id_curr, probability, prediction, decision, threshold,
    model_version, inference_time_ms, n_features_missing, features, reasons)
SELECT * FROM unnest(
    %s::uuid[], %s::timestamptz[], %s::bigint[], %s::float8[], %s::smallint[], %s::text[], %s::float8[],
    %s::text[], %s::float8[], %s::integer[], %b::text[]::jsonb[], %b::text[]::jsonb[])
ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""


def insert_decisions(connection: Connection, records: Sequence[DecisionRecord]) -> int:
    """Insert decisions in one statement; those already there are left as they are.

    The caller commits. Returns how many were new. Features come back to the same bits, but
    for the sign of a zero, which JSONB does not keep and no model reads. JSONB refuses text
    with the character U+0000, and with it the whole batch: turn such an application away
    before it is decided.
    """
    columns: list[list[Any]] = [
        [r.prediction_id for r in records],
        [r.created_at for r in records],
        [r.sk_id_curr for r in records],
        [r.probability for r in records],
        [r.prediction for r in records],
        [r.decision for r in records],
        [r.threshold for r in records],
        [r.model_version for r in records],
        [r.inference_time_ms for r in records],
        [r.n_features_missing for r in records],
        [orjson.dumps(r.features).decode() for r in records],
        [orjson.dumps(list(r.reasons)).decode() for r in records],
    ]
    return connection.execute(_INSERT, columns).rowcount


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a UTC day, and of the next one."""
    start = datetime.combine(day, time.min, tzinfo=UTC)
    return start, start + timedelta(days=1)


class PredictionLog:
    """Reads and counts the stored decisions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def features_of(self, day: date) -> pd.DataFrame:
        """Features of the decisions of a UTC day: one row a decision, one column a feature, as stored.

        A feature that a decision left out is missing there. No decisions: an empty frame.
        """
        return self._features("created_at >= %s AND created_at < %s", day_bounds(day))

    def features_since(self, start: datetime) -> pd.DataFrame:
        """Features of the decisions from `start` on, as `features_of` gives them."""
        return self._features("created_at >= %s", (start,))

    def _features(self, where: str, parameters: Sequence[Any]) -> pd.DataFrame:
        query = f"SELECT features::text FROM credit.predictions WHERE {where} ORDER BY created_at, prediction_id"  # noqa: S608
        with self.database.connect() as connection:
            rows = connection.execute(query, parameters).fetchall()
        # Parsing the text with orjson is several times faster than the driver's JSON loader.
        return pd.DataFrame([orjson.loads(row[0]) for row in rows])

    def count_by_day(self, first: date, last: date) -> dict[date, int]:
        """Decisions of each UTC day from `first` to `last`; days without any are left out."""
        query = """
            SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM credit.predictions
            WHERE created_at >= %s AND created_at < %s GROUP BY 1 ORDER BY 1
        """
        with self.database.connect() as connection:
            return dict(connection.execute(query, (day_bounds(first)[0], day_bounds(last)[1])).fetchall())

    def get(self, prediction_id: UUID) -> DecisionRecord | None:
        """The stored decision, or None."""
        query = """
            SELECT prediction_id, created_at, sk_id_curr, probability, prediction, decision, threshold,
                   model_version, inference_time_ms, n_features_missing, features, reasons
            FROM credit.predictions WHERE prediction_id = %s
        """
        with self.database.connect() as connection:
            row = connection.execute(query, (prediction_id,)).fetchone()
        if row is None:
            return None
        stored = DecisionRecord(*row)
        # In UTC, as it was stamped, whatever the session's time zone.
        return replace(stored, created_at=stored.created_at.astimezone(UTC))

    def count(self) -> int:
        """All stored decisions."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT count(*) FROM credit.predictions").fetchone()
        return int(row[0]) if row else 0
