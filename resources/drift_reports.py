"""The stored drift reports and the causes that a retraining answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from resources.database import Database
from resources.prediction_log import day_bounds

if TYPE_CHECKING:
    # For its type alone: a reader of reports does not pay for the statistics' libraries.
    from credit_risk.drift import DriftReport


_SELECT = """
    SELECT report_date, n_predictions, n_features_analyzed, n_features_drifted, drift_percentage,
           status, rule, model_version, created_at
    FROM credit.drift_reports
"""


@dataclass(frozen=True)
class StoredDriftReport:
    """One current row of `drift_reports`, without its details."""

    report_date: date
    n_predictions: int
    n_features_analyzed: int
    n_features_drifted: int
    drift_percentage: float
    status: str
    rule: str
    model_version: str
    created_at: datetime


class DriftReports:
    """Reads and writes the reports; a window has one current row."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def store(self, day: date, report: "DriftReport", *, rule: str, model_version: str) -> None:
        """Write the report of a UTC day; a recomputed day replaces its row."""
        start, end = day_bounds(day)
        with self.database.connect() as connection:
            connection.execute(
                """
                INSERT INTO credit.drift_reports (
                    report_date, window_start, window_end, n_predictions, n_features_analyzed,
                    n_features_drifted, drift_percentage, status, drift_details, rule, model_version)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)
                ON CONFLICT (window_start, window_end) DO UPDATE SET
                    n_predictions = EXCLUDED.n_predictions,
                    n_features_analyzed = EXCLUDED.n_features_analyzed,
                    n_features_drifted = EXCLUDED.n_features_drifted,
                    drift_percentage = EXCLUDED.drift_percentage, status = EXCLUDED.status,
                    drift_details = EXCLUDED.drift_details, rule = EXCLUDED.rule,
                    model_version = EXCLUDED.model_version, created_at = now()
                """,
                [
                    day, start, end, report.n_predictions, report.n_features_analyzed,
                    report.n_features_drifted, report.drift_percentage, report.status,
                    orjson.dumps(report.records()).decode(), rule, model_version,
                ],
            )  # fmt: skip

    def between(self, first: date, last: date) -> list[StoredDriftReport]:
        """The reports of the days from `first` to `last`, oldest first."""
        query = f"{_SELECT} WHERE report_date BETWEEN %s AND %s ORDER BY report_date"
        with self.database.connect() as connection:
            return [StoredDriftReport(*row) for row in connection.execute(query, [first, last]).fetchall()]

    def newest_of(self, model_version: str) -> StoredDriftReport | None:
        """The report of the latest day that a model has one of, or None."""
        query = f"{_SELECT} WHERE model_version = %s ORDER BY report_date DESC LIMIT 1"
        with self.database.connect() as connection:
            row = connection.execute(query, [model_version]).fetchone()
        return StoredDriftReport(*row) if row else None

    def reported_counts(self, first: date, last: date) -> dict[date, int]:
        """How many predictions the report of each day knows."""
        return {report.report_date: report.n_predictions for report in self.between(first, last)}

    def details(self, day: date) -> list[dict[str, Any]]:
        """The stored details of a day, largest size first; empty without a report."""
        query = "SELECT drift_details FROM credit.drift_reports WHERE report_date = %s"
        with self.database.connect() as connection:
            row = connection.execute(query, [day]).fetchone()
        return list(row[0]) if row else []


class RetrainingCauses:
    """Which alerts a retraining answered, with every feature that had moved then."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, day: date, *, model_version: str, features: Iterable[str], run_id: str) -> None:
        """Write down that a run answers the alert of a day. A run answers a day once."""
        with self.database.connect() as connection:
            connection.execute(
                "INSERT INTO credit.retraining_causes (report_date, model_version, features, run_id)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [day, model_version, sorted(features), run_id],
            )

    def answered(self, since: date) -> dict[date, frozenset[str]]:
        """For each day since then, the features that some retraining has answered."""
        query = """
            SELECT report_date, array_agg(DISTINCT feature)
            FROM credit.retraining_causes, unnest(features) AS feature
            WHERE report_date >= %s GROUP BY report_date
        """
        with self.database.connect() as connection:
            return {day: frozenset(found) for day, found in connection.execute(query, [since]).fetchall()}

    def answers_since(self, moment: datetime) -> list[datetime]:
        """When retrainings answered an alert since then, one entry a run, oldest first."""
        query = """
            SELECT min(answered_at) FROM credit.retraining_causes
            GROUP BY run_id HAVING min(answered_at) >= %s ORDER BY 1
        """
        with self.database.connect() as connection:
            return [row[0] for row in connection.execute(query, [moment]).fetchall()]
