"""The prediction log: every decision, on record before its answer.

Here: reading decisions and counting days, and the one door to what a decision is
(`decision_record`) and how it is written (`decision_rows`). Add a query when a report needs
one. Keep out: scoring and verdicts (the core), the service's journal (`serving`).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pandas as pd

from resources.database import Connection, Database
from resources.decision_frames import read_features
from resources.decision_record import DecisionError, DecisionRecord, FeatureNames, IdempotencyKey
from resources.decision_rows import ensure_feature_sets, insert_decisions

__all__ = [
    "DecisionError",
    "DecisionRecord",
    "FeatureNames",
    "IdempotencyKey",
    "PredictionLog",
    "day_bounds",
    "ensure_feature_sets",
    "insert_decisions",
    "read_decision",
]

# Decisions in memory at a time; one of 600 features is about 30 kB as Python objects.
ROWS_AT_ONCE = 500

_COLUMNS = (
    "prediction_id", "created_at", "sk_id_curr", "probability", "prediction", "decision", "threshold",
    "model_version", "inference_time_ms", "n_features_missing", "reasons",
)  # fmt: skip
_SELECT = f"SELECT feature_set_id, numbers, texts, {', '.join(_COLUMNS)} FROM credit.decisions "  # noqa: S608


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
        with self.database.connect() as connection:
            return read_features(connection, *day_bounds(day))

    def features_since(self, start: datetime) -> pd.DataFrame:
        """Features of the decisions from `start` on, as `features_of` gives them."""
        with self.database.connect() as connection:
            return read_features(connection, start, None)

    def count_by_day(self, first: date, last: date) -> dict[date, int]:
        """Decisions of each UTC day from `first` to `last`; days without any are left out."""
        query = """
            SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM credit.decisions
            WHERE created_at >= %s AND created_at < %s GROUP BY 1 ORDER BY 1
        """
        with self.database.connect() as connection:
            return dict(connection.execute(query, (day_bounds(first)[0], day_bounds(last)[1])).fetchall())

    def get(self, prediction_id: UUID) -> DecisionRecord | None:
        """The stored decision, or None."""
        with self.database.connect() as connection:
            return read_decision(connection, prediction_id)

    def decisions_of(self, day: date) -> Iterator[DecisionRecord]:
        """The decisions of a UTC day in the order of their moments, a few hundred in memory at a time."""
        where = "WHERE created_at >= %s AND created_at < %s ORDER BY created_at, prediction_id"
        return self._decisions(where, day_bounds(day))

    def sample(self, n: int) -> Iterator[DecisionRecord]:
        """At most `n` decisions by chance, out of all of them."""
        where = """
            WHERE (prediction_id, created_at) IN (
                SELECT prediction_id, created_at FROM credit.decisions ORDER BY random() LIMIT %s)
        """
        return self._decisions(where, (n,))

    def count(self) -> int:
        """All stored decisions."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT count(*) FROM credit.decisions").fetchone()
        return int(row[0]) if row else 0

    def _decisions(self, where: str, parameters: Sequence[Any]) -> Iterator[DecisionRecord]:
        with self.database.connect() as connection:
            yield from _read(connection, where, parameters)


def read_decision(connection: Connection, prediction_id: UUID) -> DecisionRecord | None:
    """The stored decision, or None; in a transaction of the caller's."""
    return next(_read(connection, "WHERE prediction_id = %s", (prediction_id,)), None)


def _read(connection: Connection, where: str, parameters: Sequence[Any]) -> Iterator[DecisionRecord]:
    sets: dict[str, FeatureNames] = {}
    # With a name, the server hands out the rows as they are read.
    with connection.cursor("decisions", binary=True) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        for feature_set_id, numbers, texts, *plain in cursor.execute(_SELECT + where, parameters):
            if feature_set_id not in sets:
                sets[feature_set_id] = _feature_set(connection, feature_set_id)
            names = sets[feature_set_id]
            fields = dict(zip(_COLUMNS, plain, strict=True))
            # In UTC, as it was stamped, whatever the session's time zone.
            fields["created_at"] = fields["created_at"].astimezone(UTC)
            yield DecisionRecord(**fields, features=names.features(numbers, texts), feature_names=names)


def _feature_set(connection: Connection, feature_set_id: str) -> FeatureNames:
    query = "SELECT numbers, texts FROM credit.feature_sets WHERE feature_set_id = %s"
    row = connection.execute(query, [feature_set_id]).fetchone()
    if row is None:
        raise DecisionError(
            f"a decision of feature set {feature_set_id}, which is not stored",
            expected="its names in credit.feature_sets",
            remedy="restore that table from a backup",
        )
    return FeatureNames(*map(tuple, row))
