"""Outcomes: whether an applicant defaulted, as it became known; a correction is a new row.

Here: writing outcomes so that sending them again changes nothing. Keep out: what they say
about the model (`credit_risk.evaluation`).

The newest row of a decision (the largest `outcome_id`) is what holds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from resources.database import Connection

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


def record_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> Receipt:
    """Record outcomes of decisions that are on record. The caller commits.

    The same decision, target and `observed_at` is the same outcome, however often it is sent.
    """
    connection.execute(_LOCK)
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
