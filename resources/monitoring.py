"""What the database tells an operator about itself: days without a report, the newest estimate, its size.

Here: small indexed queries that a service may ask every half minute. Add one when an alert or a
graph needs it. Keep out: the reports' own clients (`drift_reports`, `performance_reports`), and what
is alarming (`deploy/prometheus/rules`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from resources.database import Database

Report = Literal["drift", "performance"]
REPORT_TABLES: Mapping[Report, str] = MappingProxyType(
    {"drift": "credit.drift_reports", "performance": "credit.performance_reports"}
)

# A report that is a week late has rung for six days; older days come by imports, which are backfilled by hand.
WATCHED_DAYS = 7

# One look at an index a day, whatever a day holds.
_MISSING = """
SELECT min((day + 1)::timestamp AT TIME ZONE 'UTC')
FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date - back AS day FROM generate_series(1, %s) AS back) days
WHERE EXISTS (SELECT FROM credit.decisions
              WHERE created_at >= day::timestamp AT TIME ZONE 'UTC'
                AND created_at < (day + 1)::timestamp AT TIME ZONE 'UTC')
  AND NOT EXISTS (SELECT FROM {table} WHERE report_date = day)
"""
_ESTIMATE = """
SELECT created_at, n_decided, cost_estimated, cost_estimated_low, cost_estimated_high, cost_reference
FROM credit.performance_reports WHERE model_version = %s AND cost_estimated IS NOT NULL
ORDER BY report_date DESC LIMIT 1
"""


@dataclass(frozen=True)
class CostEstimate:
    """The newest performance report of a model that has an estimate; costs are per application."""

    created_at: datetime
    n_decided: int
    cost: float
    low: float | None
    high: float | None
    reference: float | None


class Monitoring:
    """Asks the questions, each on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def missing_since(self, report: Report) -> datetime | None:
        """The end of the oldest closed day of the last week that has decisions and no such report; None without one."""
        with self.database.connect() as connection:
            row = connection.execute(_MISSING.format(table=REPORT_TABLES[report]), [WATCHED_DAYS]).fetchone()
        return row[0] if row else None

    def newest_estimate(self, model_version: str) -> CostEstimate | None:
        """The estimate of the latest day that a model has one of, or None."""
        with self.database.connect() as connection:
            row = connection.execute(_ESTIMATE, [model_version]).fetchone()
        return CostEstimate(*row) if row else None

    def n_bytes(self) -> int:
        """Size of the whole database on disk: the platform's schemas, Dagster's and MLflow's."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])
