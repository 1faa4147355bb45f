"""Labelled decisions: what was decided, with the features of that day and the outcome that holds now.

Here: finding the days whose decisions have outcomes, and reading those decisions. Keep out: which
of them teach a model (`credit_risk.labels`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

import numpy as np
import pandas as pd

from credit_risk.labels import APPROVED, AT_RANDOM, KEYS, OVERRULED
from resources.archived_days import days_told_by, dropped_days
from resources.database import Connection, Database
from resources.decision_frames import DECISIONS_AT_ONCE, count_by_day, of_one_moment, window_of
from resources.decision_record import DecisionRecord
from resources.decision_window import as_frame
from resources.outcomes import Outcomes
from resources.prediction_log import PredictionLog, day_bounds

# Archived decisions as Python objects at a time; one of 600 features is about 30 kB, as numbers 5 kB.
RECORDS_AT_ONCE = 2_000

# In the order of a window that is read in the same transaction.
_PLAIN = """
SELECT prediction_id, sk_id_curr, decision FROM credit.decisions
WHERE created_at >= %s AND created_at < %s ORDER BY created_at, prediction_id
"""


class LabelledDecisions:
    """Reads decisions together with their outcomes."""

    def __init__(self, database: Database, log: PredictionLog) -> None:
        self.database = database
        self.log = log

    def matured(self, until: datetime) -> Iterator[pd.DataFrame]:
        """Decisions whose outcome was observed by a moment, as it holds now: frames of one day and feature set each.

        Columns are those of `credit_risk.labels.KEYS`, and one a feature of the set.
        """
        current = Outcomes(self.database).matured(until)
        yield from self.of(dict(zip(current["prediction_id"], current["target"], strict=True)))

    def of(self, targets: Mapping[UUID, int]) -> Iterator[pd.DataFrame]:
        """The decisions with these ids and targets, likewise; those not on record are left out."""
        drawn = self._drawn_by_lot(targets)
        for day, ids in sorted(self._days_of(targets).items()):
            waiting = set(ids)
            for keys, features in self._stored(day, ids):
                waiting.difference_update(keys["prediction_id"])
                yield _labelled(day, keys, features, targets, drawn)
            if waiting and self._is_dropped(day):
                for keys, features in self._archived(day, waiting):
                    yield _labelled(day, keys, features, targets, drawn)

    def _stored(self, day: date, ids: Collection[UUID]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Decisions of a day that PostgreSQL holds: id, client, decision, and their features."""
        n = count_by_day(self.database, day, day).get(day, 0)
        start, end = day_bounds(day)
        # A busy day by equal parts of its time: memory holds one of them.
        parts = 1 + n // DECISIONS_AT_ONCE
        for bounds in pairwise([start + (end - start) * part / parts for part in range(parts + 1)]) if n else ():
            with of_one_moment(self.database) as connection:
                found = list(_window(connection, bounds, ids))
            yield from found

    def _archived(self, day: date, ids: Collection[UUID]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """The same of a day that the archive holds."""
        by_set: dict[str, list[DecisionRecord]] = defaultdict(list)
        for record in self.log.decisions_of(day):
            if record.prediction_id in ids:
                waiting = by_set[record.feature_names.id]
                waiting.append(record)
                if len(waiting) == RECORDS_AT_ONCE:
                    yield _of_records(by_set.pop(record.feature_names.id))
        for records in by_set.values():
            yield _of_records(records)

    def _is_dropped(self, day: date) -> bool:
        with self.database.connect() as connection:
            return bool(dropped_days(connection, day, day))

    def _days_of(self, ids: Collection[UUID]) -> dict[date, set[UUID]]:
        """Where to look for the decisions; one that left PostgreSQL is looked for on every day that may hold it."""
        query = """
            SELECT prediction_id, min((created_at AT TIME ZONE 'UTC')::date)
            FROM credit.decisions WHERE prediction_id = ANY(%s) GROUP BY 1
        """
        days: dict[date, set[UUID]] = defaultdict(set)
        with self.database.connect() as connection:
            known: dict[UUID, date] = dict(connection.execute(query, [list(ids)]).fetchall())
            archived = dropped_days(connection) if len(known) < len(ids) else []
        for each, day in known.items():
            days[day].add(each)
        told: dict[date, set[UUID]] = defaultdict(set)
        gone = set(ids) - known.keys()
        for each in gone:
            for day in days_told_by(each):
                told[day].add(each)
        for state in archived:
            days[state.day] |= told[state.day] if state.ids_tell_day else gone
        return {day: found for day, found in days.items() if found}

    def _drawn_by_lot(self, ids: Collection[UUID]) -> frozenset[UUID]:
        query = "SELECT prediction_id FROM credit.random_approvals WHERE prediction_id = ANY(%s)"
        with self.database.connect() as connection:
            return frozenset(row[0] for row in connection.execute(query, [list(ids)]).fetchall())


_FOUND = ["prediction_id", "SK_ID_CURR", "decision"]


def _window(
    connection: Connection, bounds: tuple[datetime, datetime], ids: Collection[UUID]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """A frame a feature set of those decisions between two moments that are asked for and were not erased."""
    window = window_of(connection, *bounds)
    found = pd.DataFrame(connection.execute(_PLAIN, bounds, binary=True).fetchall(), columns=_FOUND)
    wanted = np.array([each in ids for each in found["prediction_id"]], dtype=np.bool_) & ~window.erased
    for key in sorted(window.blocks):
        block = window.blocks[key]
        at = np.flatnonzero(block.rows & wanted)
        if len(at):
            features = as_frame(window.names[key], block.values[:, at], block.words[:, at])
            yield found.iloc[at].reset_index(drop=True), features


def _of_records(records: Sequence[DecisionRecord]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same of decisions of one feature set."""
    names = records[0].feature_names
    rows, n_numbers = [names.row(each.features) for each in records], len(names.numbers)
    numbers = np.array([row[:n_numbers] for row in rows], dtype=np.float64)
    texts = np.empty((len(rows), len(names.texts)), dtype=object)
    for place, row in enumerate(rows):
        texts[place] = row[n_numbers:]
    found = pd.DataFrame([(each.prediction_id, each.sk_id_curr, each.decision) for each in records], columns=_FOUND)
    return found, as_frame(names, numbers.T, texts.T)


def _labelled(
    day: date, found: pd.DataFrame, features: pd.DataFrame, targets: Mapping[UUID, int], drawn: Collection[UUID]
) -> pd.DataFrame:
    """Keys in the order of `KEYS`, then features."""
    ids = list(found["prediction_id"])
    admitted = [_admitted(each, decision, drawn) for each, decision in zip(ids, found["decision"], strict=True)]
    keys = found.assign(decided_on=day, admitted=admitted, target=[int(targets[each]) for each in ids])
    return pd.concat([keys[list(KEYS)], features], axis=1)


def _admitted(prediction_id: UUID, decision: str, drawn: Collection[UUID]) -> str:
    if decision == "APPROVED":
        return APPROVED
    return AT_RANDOM if prediction_id in drawn else OVERRULED
