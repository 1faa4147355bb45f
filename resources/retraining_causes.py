"""What retrainings answered: alerts, cost alarms, the calendar, people; one row a cause and run.

Here: writing the rows when a training is done, and what the policy must remember of them. Keep
out: whether something is a cause (`credit_risk.retraining`). A run that failed has answered
nothing and leaves no row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from credit_risk.cost_alarm import Basis
from resources.database import Database

# By basis of a cost alarm, what its rows are called.
COST_KINDS: dict[Basis, str] = {"estimated": "estimated cost", "realised": "realised cost"}

_INSERT = """
INSERT INTO credit.retraining_causes (report_date, model_version, features, run_id, kind, detail, author)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class AnsweredCause:
    """A cause that a training answered.

    Attributes:
        report_date: the day in alert, the last day of a cost alarm's evidence, or the day of asking.
        model_version: the model that it was about; empty where the calendar or a person asked.
        features: that had moved; empty but for an alert.
        run_id: of the training.
        kind: "drift", "estimated cost", "realised cost", "schedule" or "person".
        detail: the sentence that the run was asked for with.
        author: the person; empty without one.
        answered_at: when the training was done.
    """

    report_date: date
    model_version: str
    features: tuple[str, ...]
    run_id: str
    kind: str
    detail: str
    author: str
    answered_at: datetime


class RetrainingCauses:
    """The causes that trainings answered."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(
        self,
        day: date,
        *,
        model_version: str,
        features: Iterable[str],
        run_id: str,
        kind: str = "drift",
        detail: str = "",
        author: str = "",
    ) -> None:
        """Write down that a run answers a cause. A run answers a cause of one kind and day once."""
        with self.database.connect() as connection:
            connection.execute(_INSERT, [day, model_version, sorted(features), run_id, kind, detail, author])

    def answered(self, since: date) -> dict[date, frozenset[str]]:
        """For each day since then, the features whose drift some retraining has answered."""
        query = """
            SELECT report_date, array_agg(DISTINCT feature)
            FROM credit.retraining_causes, unnest(features) AS feature
            WHERE kind = 'drift' AND report_date >= %s GROUP BY report_date
        """
        with self.database.connect() as connection:
            return {day: frozenset(found) for day, found in connection.execute(query, [since]).fetchall()}

    def cost_answered_until(self, model_version: str) -> dict[Basis, date]:
        """By basis, the last day whose evidence against a model was answered."""
        query = """
            SELECT kind, max(report_date) FROM credit.retraining_causes
            WHERE model_version = %s AND kind = ANY(%s) GROUP BY kind
        """
        with self.database.connect() as connection:
            found: dict[str, date] = dict(
                connection.execute(query, [model_version, list(COST_KINDS.values())]).fetchall()
            )
        return {basis: found[kind] for basis, kind in COST_KINDS.items() if kind in found}

    def answers_since(self, moment: datetime) -> list[datetime]:
        """When retrainings answered a cause since then, one entry a run, oldest first."""
        query = """
            SELECT min(answered_at) FROM credit.retraining_causes
            GROUP BY run_id HAVING min(answered_at) >= %s ORDER BY 1
        """
        with self.database.connect() as connection:
            return [row[0] for row in connection.execute(query, [moment]).fetchall()]

    def since(self, moment: datetime) -> list[AnsweredCause]:
        """Every cause that was answered since then, oldest first."""
        query = """
            SELECT report_date, model_version, features, run_id, kind, detail, author, answered_at
            FROM credit.retraining_causes WHERE answered_at >= %s ORDER BY answered_at, kind, report_date
        """
        with self.database.connect() as connection:
            rows = connection.execute(query, [moment]).fetchall()
        return [AnsweredCause(day, version, tuple(features), *rest) for day, version, features, *rest in rows]
