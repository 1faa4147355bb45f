"""The prediction log: every decision, on record before its answer.

Here: reading decisions and counting days, and the one door to what a decision is (`decision_record`) and how it
is written (`decision_rows`). Days whose partition was dropped are read from the archive, which takes part when the
log was given one. Add a query when a report needs one. Keep out: scoring and verdicts (the core), the service's
journal (`serving`), and what is archived when (`decision_archive`).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from resources.archived_days import ArchivedDay, days_of, dropped_days
from resources.database import Connection, Database
from resources.decision_frames import count_by_day, read_features, read_features_by_day
from resources.decision_record import (
    DecisionError,
    DecisionRecord,
    ErasedError,
    FeatureNames,
    IdempotencyKey,
    erased_error,
)
from resources.decision_rows import ensure_feature_sets, insert_decisions
from resources.decision_window import day_bounds

if TYPE_CHECKING:
    # Arrow takes a tenth of a second to import, which the service has no use for at its start.
    from resources.decision_archive import DecisionArchive

__all__ = [
    "DecisionError",
    "DecisionRecord",
    "ErasedError",
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
_SELECT = f"SELECT feature_set_id, numbers, texts, erased_at, {', '.join(_COLUMNS)} FROM credit.decisions "  # noqa: S608
_FRAME = f"""
SELECT {", ".join(_COLUMNS[:-1])} FROM credit.decisions
WHERE created_at >= %s AND created_at < %s ORDER BY created_at, prediction_id
"""  # noqa: S608 - of the names above


class PredictionLog:
    """Reads and counts the stored decisions.

    Args:
        database: holds the log.
        archive: holds the days that were dropped from it; without one, they are not there.
    """

    def __init__(self, database: Database, archive: "DecisionArchive | None" = None) -> None:
        self.database = database
        self.archive = archive

    def features_of(self, day: date) -> pd.DataFrame:
        """Features of the decisions of a UTC day: one row a decision, one column a feature, as stored.

        A feature that a decision left out is missing there; an erased decision has no row. No
        decisions: an empty frame.
        """
        for state in self._dropped(day, day):
            return self._archived_features(state)
        return read_features(self.database, *day_bounds(day))

    def features_between(self, first: date, last: date) -> Iterator[tuple[date, pd.DataFrame]]:
        """Each UTC day from `first` to `last` with its features as `features_of` gives them, in one read.

        Days without decisions are left out. Some 50,000 decisions, or one day, are in memory at a time.
        """
        dropped = {state.day: state for state in self._dropped(first, last)}
        waiting = iter(sorted(dropped))
        archived = next(waiting, None)
        for day, features in read_features_by_day(self.database, first, last, without=dropped.keys()):
            while archived is not None and archived < day:
                yield archived, self._archived_features(dropped[archived])
                archived = next(waiting, None)
            yield day, features
        while archived is not None:
            yield archived, self._archived_features(dropped[archived])
            archived = next(waiting, None)

    def features_since(self, start: datetime) -> pd.DataFrame:
        """Features of the decisions from `start` on that PostgreSQL holds, as `features_of` gives them."""
        return read_features(self.database, start, None)

    def decisions_frame(self, first: date, last: date) -> pd.DataFrame:
        """The decisions of the UTC days from `first` to `last` without features, in the order of their moments.

        Columns: prediction_id (UUID), created_at (UTC), sk_id_curr (Int64, missing when erased), probability,
        prediction, decision, threshold, model_version, inference_time_ms, n_features_missing (Int64).
        """
        with self.database.connect() as connection:
            bounds = (day_bounds(first)[0], day_bounds(last)[1])
            rows = connection.execute(_FRAME, bounds, binary=True).fetchall()
        live = pd.DataFrame(rows, columns=list(_COLUMNS[:-1]))
        parts = [live, *(self._archived_decisions(state) for state in self._dropped(first, last))]
        kinds = {"sk_id_curr": "Int64", "n_features_missing": "Int64", "created_at": "datetime64[us, UTC]"}
        kinds |= dict.fromkeys(("probability", "threshold", "inference_time_ms"), "float64")
        typed = [part.astype(kinds | {"prediction": "int64"}) for part in parts]
        frame = pd.concat(typed, ignore_index=True) if len(typed) > 1 else live.astype(kinds | {"prediction": "int64"})
        if len(typed) == 1:
            return frame
        # A decision that came late to a dropped day may be in both.
        frame = frame.drop_duplicates(["prediction_id", "created_at"])
        return frame.sort_values("created_at", kind="stable", ignore_index=True)

    def count_by_day(self, first: date, last: date) -> dict[date, int]:
        """Decisions of each UTC day from `first` to `last`; days without any are left out."""
        counts = count_by_day(self.database, first, last)
        for state in self._dropped(first, last):
            counts[state.day] = counts.get(state.day, 0) + state.n_rows - state.n_live
        return dict(sorted(counts.items()))

    def get(self, prediction_id: UUID) -> DecisionRecord | None:
        """The stored decision, or None.

        Raises:
            ErasedError: its client was erased.
        """
        with self.database.connect() as connection:
            found = read_decision(connection, prediction_id)
            days = [] if found is not None or self.archive is None else days_of(connection, prediction_id)
        if found is not None or self.archive is None:
            return found
        return self.archive.find(prediction_id, days)

    def decisions_of(self, day: date) -> Iterator[DecisionRecord]:
        """The decisions of a UTC day in the order of their moments, a few hundred in memory at a time.

        Erased ones are left out; of a day that was dropped, all are in memory.
        """
        for state in self._dropped(day, day):
            return self._archived_records(state)
        where = "WHERE created_at >= %s AND created_at < %s AND erased_at IS NULL ORDER BY created_at, prediction_id"
        return self._decisions(where, day_bounds(day))

    def sample(self, n: int, *, seed: int) -> Iterator[DecisionRecord]:
        """At most `n` decisions by chance, out of all of them; erased ones among those are left out.

        The same seed draws the same decisions for as long as none is added.
        """
        dropped = self._dropped()
        n_live = self._count_live()
        bounds = list(accumulate((state.n_rows for state in dropped), initial=n_live))
        chosen = np.random.default_rng(seed).choice(bounds[-1], min(n, bounds[-1]), replace=False).tolist()
        where = """
            WHERE (prediction_id, created_at) IN (
                SELECT prediction_id, created_at FROM credit.decisions
                ORDER BY hashtextextended(prediction_id::text, %s), created_at LIMIT %s)
            AND erased_at IS NULL
        """
        yield from self._decisions(where, (seed, sum(number < n_live for number in chosen)))
        for state, (start, end) in zip(dropped, pairwise(bounds), strict=True):
            if rows := [number - start for number in chosen if start <= number < end]:
                yield from self._archived_records(state, rows)

    def count(self) -> int:
        """All stored decisions."""
        return self._count_live() + sum(state.n_rows - state.n_live for state in self._dropped())

    def _count_live(self) -> int:
        with self.database.connect() as connection:
            row = connection.execute("SELECT count(*) FROM credit.decisions").fetchone()
        return int(row[0]) if row else 0

    def _dropped(self, first: date = date.min, last: date = date.max) -> list[ArchivedDay]:
        if self.archive is None:
            return []
        with self.database.connect() as connection:
            return dropped_days(connection, first, last)

    def _archived_features(self, state: ArchivedDay) -> pd.DataFrame:
        from resources.decision_table import frame_of

        assert self.archive is not None
        return frame_of(self.archive.table(state))

    def _archived_decisions(self, state: ArchivedDay) -> pd.DataFrame:
        assert self.archive is not None
        plain = self.archive.table(state, features=False).select(list(_COLUMNS[:-1]))
        frame: pd.DataFrame = plain.to_pandas()
        return frame.assign(prediction_id=frame["prediction_id"].map(lambda identity: UUID(bytes=identity)))

    def _archived_records(self, state: ArchivedDay, rows: Sequence[int] | None = None) -> Iterator[DecisionRecord]:
        from resources.decision_table import records_of

        assert self.archive is not None
        table = self.archive.table(state)
        return records_of(table if rows is None else table.take(list(rows)))

    def _decisions(self, where: str, parameters: Sequence[Any]) -> Iterator[DecisionRecord]:
        with self.database.connect() as connection:
            yield from _read(connection, where, parameters)


def read_decision(connection: Connection, prediction_id: UUID) -> DecisionRecord | None:
    """The decision that PostgreSQL holds, or None; in a transaction of the caller's.

    Raises:
        ErasedError: its client was erased.
    """
    return next(_read(connection, "WHERE prediction_id = %s", (prediction_id,)), None)


def _read(connection: Connection, where: str, parameters: Sequence[Any]) -> Iterator[DecisionRecord]:
    sets: dict[str, FeatureNames] = {}
    # With a name, the server hands out the rows as they are read.
    with connection.cursor("decisions", binary=True) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        for feature_set_id, numbers, texts, erased_at, *plain in cursor.execute(_SELECT + where, parameters):
            fields = dict(zip(_COLUMNS, plain, strict=True))
            if erased_at is not None:
                raise erased_error(fields["prediction_id"])
            if feature_set_id not in sets:
                sets[feature_set_id] = _feature_set(connection, feature_set_id)
            names = sets[feature_set_id]
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
