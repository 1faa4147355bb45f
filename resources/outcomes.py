"""Outcomes: whether an applicant defaulted, as it became known; a correction is a new row.

Here: writing outcomes so that sending them again changes nothing, and reading what holds. Keep
out: what they say about the model (`credit_risk.performance`).

The newest row of a decision (the largest `outcome_id`) is what holds. Whoever writes takes the
lock below: rows then become visible in the order of their ids, and a reader that remembers the
last id it saw misses none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from resources.database import Connection, Database

if TYPE_CHECKING:
    import pandas as pd

# Orders wait for each other, so that each sees what the others recorded and none deadlocks.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('credit.outcomes'))"

# In the order sent: of two outcomes of one decision the later one holds. The clock's own time:
# that of the transaction stood still while it waited for the lock.
_INSERT = """
INSERT INTO credit.outcomes (prediction_id, target, observed_at, recorded_at)
SELECT prediction_id, target, observed_at, clock_timestamp()
FROM unnest(%s::uuid[], %s::smallint[], %s::timestamptz[]) WITH ORDINALITY
    AS sent (prediction_id, target, observed_at, position)
ORDER BY position
ON CONFLICT DO NOTHING
RETURNING prediction_id
"""

# The day of a decision that left the table for the archive is in its id, when the service made it:
# a UUIDv7 begins with its milliseconds.
_DAYS = """
SELECT (COALESCE(d.created_at, in_id.moment) AT TIME ZONE 'UTC')::date, count(*), max(o.outcome_id)
FROM credit.outcomes o
LEFT JOIN LATERAL (
    SELECT created_at FROM credit.decisions d WHERE d.prediction_id = o.prediction_id ORDER BY created_at LIMIT 1
) d ON true
LEFT JOIN LATERAL (
    SELECT to_timestamp(('x' || left(replace(o.prediction_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AS moment
    WHERE substr(o.prediction_id::text, 15, 1) = '7'
) in_id ON true
WHERE o.outcome_id > %s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision: `target` 1 is a default."""

    prediction_id: UUID
    target: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to outcomes that were sent; every one is in exactly one of the counts.

    Attributes:
        recorded: first outcomes of their decisions.
        corrected: new rows of decisions that had one.
        repeated: on record already, and left alone.
    """

    recorded: int
    corrected: int
    repeated: int


def decided_at(connection: Connection, prediction_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the decisions were made; those that are not on record are left out."""
    query = "SELECT prediction_id, min(created_at) FROM credit.decisions WHERE prediction_id = ANY(%s) GROUP BY 1"
    return dict(connection.execute(query, [list(prediction_ids)]).fetchall())


def wait_for_turn(connection: Connection) -> None:
    """Hold every other writer of outcomes back until the caller commits."""
    connection.execute(_LOCK)


def record_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> Receipt:
    """Record outcomes of decisions that are on record. The caller commits.

    The same decision, target and `observed_at` is the same outcome, however often it is sent.
    """
    wait_for_turn(connection)
    ids = [outcome.prediction_id for outcome in outcomes]
    had_one = {
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT prediction_id FROM credit.outcomes WHERE prediction_id = ANY(%s)", [ids]
        )
    }
    new = connection.execute(_INSERT, [ids, [o.target for o in outcomes], [o.observed_at for o in outcomes]]).fetchall()
    recorded = len({row[0] for row in new} - had_one)
    return Receipt(recorded=recorded, corrected=len(new) - recorded, repeated=len(outcomes) - len(new))


@dataclass(frozen=True)
class NewOutcomes:
    """Outcomes recorded after a certain one.

    Attributes:
        by_day: how many of them, by the UTC day of their decision.
        unknown: of decisions whose day nothing tells.
        last_id: the newest of all; that of the question when there is none.
    """

    by_day: dict[date, int]
    unknown: int
    last_id: int


class Outcomes:
    """Reads what became of decisions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def current(
        self, prediction_ids: Collection[UUID] | None = None, *, until: datetime | None = None
    ) -> "pd.DataFrame":
        """The outcome of each decision that has one: the newest row, whatever came before it.

        Args:
            prediction_ids: of these decisions; None is all.
            until: as it stood then: rows recorded later are left out; None is now.

        Returns:
            `prediction_id` (UUID objects), `target` (1 default), `observed_at` and `recorded_at` (UTC).
        """
        query = """
            SELECT DISTINCT ON (prediction_id) prediction_id, target, observed_at, recorded_at
            FROM credit.outcomes
            WHERE (%(ids)s::uuid[] IS NULL OR prediction_id = ANY(%(ids)s)) AND recorded_at <= %(until)s
            ORDER BY prediction_id, outcome_id DESC
        """
        ids = None if prediction_ids is None else list(prediction_ids)
        return self._frame(query, {"ids": ids, "until": until or "infinity"})

    def matured(self, until: datetime) -> "pd.DataFrame":
        """Outcomes that were observed by a moment, as they hold now, with the columns of `current`.

        A decision whose outcome was corrected to a later observation is not among them yet.
        """
        frame = self.current()
        matured: pd.DataFrame = frame[frame["observed_at"] <= until].reset_index(drop=True)
        return matured

    def since(self, outcome_id: int) -> NewOutcomes:
        """Which days' decisions got outcomes after the one with this id; corrections count as well."""
        with self.database.connect() as connection:
            rows = connection.execute(_DAYS, [outcome_id]).fetchall()
        return NewOutcomes(
            by_day={day: count for day, count, _ in rows if day is not None},
            unknown=sum(count for day, count, _ in rows if day is None),
            last_id=max((last for _, _, last in rows), default=outcome_id),
        )

    def _frame(self, query: str, parameters: dict[str, object]) -> "pd.DataFrame":
        import pandas as pd

        with self.database.connect() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(query, parameters).fetchall()
        frame = pd.DataFrame(rows, columns=["prediction_id", "target", "observed_at", "recorded_at"])
        for name in ("observed_at", "recorded_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame.astype({"target": "int64"})
