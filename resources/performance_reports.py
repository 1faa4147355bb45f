"""The stored performance reports: one current row a day of decision and model version.

Here: writing and reading them. Keep out: the figures (`credit_risk.performance`).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from resources.database import Database

if TYPE_CHECKING:
    from credit_risk.estimate import Estimate

    # For its type alone: a reader of reports does not pay for the statistics' libraries.
    from credit_risk.performance import PerformanceReport

COUNTS = (
    "n_decided", "n_approved", "n_refused", "n_outcomes", "n_defaults", "n_random_approved", "n_random_outcomes",
    "n_overruled_outcomes",
)  # fmt: skip
# With an interval: three columns each.
FIGURES = (
    "refusal_rate", "default_rate_approved", "auc_approved", "cost_realised_approved", "auc_estimated",
    "cost_estimated", "cost_estimated_approved", "cost_estimated_known", "auc_unbiased", "cost_unbiased",
)  # fmt: skip

StoredPerformanceReport = Mapping[str, Any]


class PerformanceReports:
    """Reads and writes the reports."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def now(self) -> datetime:
        """The database's clock, for `store`: ask before anything is read."""
        with self.database.connect() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment

    def store(self, day: date, reports: Mapping[str, "PerformanceReport"], *, read_at: datetime) -> bool:
        """Write the reports of a day by model version, all of them or none; they replace what was computed before.

        Args:
            day: of the decisions, UTC.
            reports: by model version.
            read_at: when reading their decisions and outcomes began (`now`).

        Returns:
            False when a run that read later has written this day: its rows stay.
        """
        with self.database.connect() as connection:
            # Two runs over one day come one after the other, the first of them also on a day without rows.
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('credit.performance_reports'), %s)", [day.toordinal()]
            )
            newer = "SELECT 1 FROM credit.performance_reports WHERE report_date = %s AND read_at > %s LIMIT 1"
            if connection.execute(newer, [day, read_at]).fetchone():
                return False
            connection.execute("DELETE FROM credit.performance_reports WHERE report_date = %s", [day])
            for model_version, report in sorted(reports.items()):
                row = {"report_date": day, "model_version": model_version, "read_at": read_at} | row_of(report)
                names, values = ", ".join(row), ", ".join(["%s"] * len(row))
                connection.execute(
                    f"INSERT INTO credit.performance_reports ({names}) VALUES ({values})",  # noqa: S608  # names are ours
                    list(row.values()),
                )
        return True

    def between(self, first: date, last: date) -> list[StoredPerformanceReport]:
        """The rows of the days from `first` to `last` by column, oldest first, each day by model version."""
        query = (
            "SELECT * FROM credit.performance_reports WHERE report_date BETWEEN %s AND %s"
            " ORDER BY report_date, model_version"
        )
        with self.database.connect() as connection:
            cursor = connection.execute(query, [first, last])
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def row_of(report: "PerformanceReport") -> dict[str, Any]:
    """A report as columns, without its key; figures without an interval are as they are."""
    row: dict[str, Any] = {name: getattr(report, name) for name in COUNTS}
    for name in FIGURES:
        row |= _columns(name, getattr(report, name))
    reference = report.reference
    return row | {
        "maturity": report.maturity,
        "calibration": None if report.calibration is None else orjson.dumps(report.calibration.to_dict()).decode(),
        **_columns("auc_reference", None if reference is None else reference.auc_approved),
        "cost_reference": None if reference is None else reference.cost,
        "cost_reference_approved": None if reference is None else reference.cost_approved,
        "calibration_error_reference": None if reference is None else reference.calibration_error_approved,
        "money": orjson.dumps(report.money.to_dict()).decode(),
        "absent": orjson.dumps(report.absent).decode(),
    }


def _columns(name: str, figure: "Estimate | None") -> dict[str, float | None]:
    value, low, high = (figure.value, figure.low, figure.high) if figure else (None, None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
